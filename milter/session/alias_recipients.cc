#include "session/alias_recipients.h"

#include <set>
#include <string>
#include <string_view>

namespace postern::session {
namespace {

// xtext, RFC 3461 section 4.
std::string xtext(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (c > 0x20 && c < 0x7f && c != '+' && c != '=') {
      encoded += c;
    } else {
      constexpr std::string_view kHexDigits = "0123456789ABCDEF";
      const auto octet = static_cast<unsigned char>(c);
      encoded += '+';
      encoded += kHexDigits[octet >> 4];
      encoded += kHexDigits[octet & 0x0f];
    }
  }
  return encoded;
}

}  // namespace

// Adding a recipient who is already there would deliver twice, and two aliases of one mailbox are
// one recipient.
Status deliver_to_canonical_addresses(const std::vector<AcceptedRecipient>& recipients,
                                      MessageEditor& editor) {
  std::set<std::string> present;
  for (const AcceptedRecipient& recipient : recipients) {
    if (recipient.rules && !recipient.rules->is_rewritten()) {
      present.insert(recipient.rules->canonical.key());
    }
  }
  for (const AcceptedRecipient& recipient : recipients) {
    if (!recipient.rules || !recipient.rules->is_rewritten()) continue;
    const mail::Recipient& given = recipient.envelope;
    if (Status gone = editor.delete_recipient(given.given); !gone) return gone;
    if (!present.insert(recipient.rules->canonical.key()).second) continue;
    std::string parameters =
        "ORCPT=" +
        (given.orcpt.empty() ? "rfc822;" + xtext(given.address.to_string()) : given.orcpt);
    if (!given.notify.empty()) parameters.insert(0, "NOTIFY=" + given.notify + " ");
    if (Status added = editor.add_recipient(recipient.rules->canonical.to_string(), parameters);
        !added) {
      return added;
    }
  }
  return success();
}

}  // namespace postern::session
