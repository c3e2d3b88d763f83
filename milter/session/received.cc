#include "session/received.h"

#include <algorithm>

#include "base/text.h"

namespace postern::session {
namespace {

constexpr std::size_t kLongestName = 255;

// What stands outside of a comment: no parentheses, quotes or blanks of somebody else's making.
std::string atom(std::string_view text) {
  std::string name = printable(text, kLongestName);
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::string_view(" ()<>\"\\;,").find(c) != std::string_view::npos; },
      '?');
  return name.empty() ? "unknown" : name;
}

std::string address_literal(const ClientFacts& client) {
  if (!client.address) return "";
  const std::string address = client.address->to_string();
  return address.find(':') == std::string::npos ? address : "IPv6:" + address;
}

}  // namespace

std::string received_value(const ClientFacts& client, std::string_view queue_id,
                           std::string_view recipient, WallTime when) {
  std::string value;
  if (client.address) {
    value = " from " + atom(client.helo) + " (" +
            (client.name.empty() ? "unknown" : atom(client.name)) + " [" + address_literal(client) +
            "])\n\tby ";
  } else {
    value = " by ";
  }
  value += atom(client.mta_name);
  if (client.address) value += client.sasl_user.empty() ? " with ESMTP" : " with ESMTPA";
  value += " id " + atom(queue_id);
  if (!recipient.empty()) value += "\n\tfor <" + printable(recipient, kLongestName) + ">";
  return value + ";\n\t" + to_rfc5322_date(when);
}

}  // namespace postern::session
