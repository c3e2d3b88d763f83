#include "server/milter_reply.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace postern::server {
namespace {

// RFC 5321 4.5.3.1.5: a reply line has at most 512 octets, code and CRLF among them. Doubled
// percent signs stay below libmilter's limit of 980.
constexpr std::size_t kMaxText = 450;

bool is_number_of_up_to_three_digits(std::string_view text) {
  return !text.empty() && text.size() <= 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_enhanced_of_class(std::string_view enhanced, char reply_class) {
  const auto parts = split(enhanced, '.');
  return parts.size() == 3 && parts[0].size() == 1 && parts[0][0] == reply_class &&
         is_number_of_up_to_three_digits(parts[1]) && is_number_of_up_to_three_digits(parts[2]);
}

}  // namespace

std::optional<MilterReply> to_milter_reply(const mail::Reply& reply) {
  if (reply.code < 400 || reply.code > 599) return std::nullopt;
  MilterReply wire{.code = std::to_string(reply.code), .enhanced = reply.enhanced, .text = {}};
  if (!is_enhanced_of_class(wire.enhanced, wire.code.front())) return std::nullopt;
  for (const char c : printable(reply.text, kMaxText)) {
    wire.text += c;
    if (c == '%') wire.text += c;
  }
  if (wire.text.empty()) wire.text = reply.is_permanent() ? "refused" : "try again later";
  return wire;
}

}  // namespace postern::server
