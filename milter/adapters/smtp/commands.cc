#include "adapters/smtp/commands.h"

#include <algorithm>

#include "base/text.h"

namespace postern::smtp {
namespace {

bool is_control(char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }

// What stands between < > must not be able to end there: "a@b>\r\nDATA".
bool is_safe_address(std::string_view address) {
  return std::none_of(address.begin(), address.end(),
                      [](char c) { return is_control(c) || c == '<' || c == '>'; });
}

// A parameter's value, the HELO name, the id: one word.
bool is_safe_word(std::string_view word) {
  return std::none_of(word.begin(), word.end(), [](char c) { return is_control(c) || c == ' '; });
}

}  // namespace

Status check(std::string_view purpose, const std::string& helo_name,
             const ports::Submission& submission) {
  const auto impossible = [purpose](const char* what, const std::string& shown) {
    return permanent_error(std::string(purpose) + ": impossible " + what + ": " + shown);
  };
  if (helo_name.empty() || !is_safe_word(helo_name)) {
    return impossible("HELO name", printable(helo_name, 100));
  }
  if (submission.id.empty() || !is_safe_word(submission.id)) {
    return impossible("id", printable(submission.id, 100));
  }
  if (!is_safe_address(submission.sender)) {
    return impossible("sender", printable(submission.sender, 300));
  }
  if (!is_safe_word(submission.ret) || !is_safe_word(submission.envid)) {
    return impossible("RET or ENVID",
                      printable(submission.ret, 100) + ", " + printable(submission.envid, 100));
  }
  if (submission.recipients.empty())
    return permanent_error(std::string(purpose) + ": no recipient");
  for (const ports::SubmissionRecipient& recipient : submission.recipients) {
    if (recipient.address.empty() || !is_safe_address(recipient.address)) {
      return impossible("recipient", printable(recipient.address, 300));
    }
    if (!is_safe_word(recipient.notify) || !is_safe_word(recipient.orcpt)) {
      return impossible("NOTIFY or ORCPT",
                        printable(recipient.notify, 100) + ", " + printable(recipient.orcpt, 300));
    }
  }
  return success();
}

std::string mail_command(const ports::Submission& submission, const Extensions& offered,
                         std::uint64_t size) {
  std::string command = "MAIL FROM:<" + submission.sender + ">";
  if (offered.size) command += " SIZE=" + std::to_string(size);
  // RFC 6531 3.6: a body under SMTPUTF8 may have eight bits, and is declared so.
  if (offered.eight_bit_mime && (submission.eight_bit || submission.smtputf8)) {
    command += " BODY=8BITMIME";
  }
  if (submission.smtputf8) command += " SMTPUTF8";
  if (offered.dsn && !submission.ret.empty()) command += " RET=" + submission.ret;
  if (offered.dsn && !submission.envid.empty()) command += " ENVID=" + submission.envid;
  return command;
}

std::string rcpt_command(const ports::SubmissionRecipient& recipient, const Extensions& offered) {
  std::string command = "RCPT TO:<" + recipient.address + ">";
  if (offered.dsn && !recipient.notify.empty()) command += " NOTIFY=" + recipient.notify;
  if (offered.dsn && !recipient.orcpt.empty()) command += " ORCPT=" + recipient.orcpt;
  return command;
}

}  // namespace postern::smtp
