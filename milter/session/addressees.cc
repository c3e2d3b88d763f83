#include "session/addressees.h"

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

// What the message was sent to at first, for the delivery reports.
std::string original_recipient(const AcceptedRecipient& recipient) {
  const mail::Recipient& given = recipient.envelope;
  return given.orcpt.empty() ? "rfc822;" + xtext(given.address.to_string()) : given.orcpt;
}

}  // namespace

Status keep_in_transaction(const std::vector<AcceptedRecipient>& recipients,
                           const std::vector<std::size_t>& staying, Addressed& addressed,
                           MessageEditor& editor) {
  // Adding a recipient who is there already would deliver twice: who stands in the transaction as
  // given comes first.
  std::set<std::string> standing;
  for (const std::size_t i : staying) {
    const AcceptedRecipient& recipient = recipients[i];
    if (!recipient.is_rewritten() && addressed.insert(recipient.identity()).second) {
      standing.insert(recipient.envelope.given);
    }
  }
  std::set<std::string> deleted;
  for (const AcceptedRecipient& recipient : recipients) {
    const std::string& given = recipient.envelope.given;
    if (standing.contains(given) || !deleted.insert(given).second) continue;
    if (Status gone = editor.delete_recipient(given); !gone) return gone;
  }
  for (const std::size_t i : staying) {
    const AcceptedRecipient& recipient = recipients[i];
    if (!addressed.insert(recipient.identity()).second) continue;
    std::string parameters = "ORCPT=" + original_recipient(recipient);
    const std::string& notify = recipient.envelope.notify;
    if (!notify.empty()) parameters.insert(0, "NOTIFY=" + notify + " ");
    if (Status added = editor.add_recipient(recipient.target().to_string(), parameters); !added) {
      return added;
    }
  }
  return success();
}

std::vector<ports::SubmissionRecipient> copy_recipients(
    const std::vector<AcceptedRecipient>& recipients, const std::vector<std::size_t>& leaving,
    Addressed& addressed) {
  std::vector<ports::SubmissionRecipient> copies;
  for (const std::size_t i : leaving) {
    const AcceptedRecipient& recipient = recipients[i];
    if (!addressed.insert(recipient.identity()).second) continue;
    copies.push_back(
        {recipient.target().to_string(), recipient.envelope.notify, original_recipient(recipient)});
  }
  return copies;
}

}  // namespace postern::session
