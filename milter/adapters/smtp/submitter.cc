#include "adapters/smtp/submitter.h"

#include <algorithm>
#include <utility>

#include "adapters/smtp/data.h"
#include "adapters/smtp/dialogue.h"
#include "base/submit_token.h"
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

Status check(const SubmitterOptions& options, const ports::Submission& submission) {
  if (options.token_keys.empty()) return permanent_error("submit: no token key");
  if (options.helo_name.empty() || !is_safe_word(options.helo_name)) {
    return permanent_error("submit: impossible HELO name: " + printable(options.helo_name, 100));
  }
  if (submission.id.empty() || !is_safe_word(submission.id)) {
    return permanent_error("submit: impossible id: " + printable(submission.id, 100));
  }
  if (!is_safe_address(submission.sender)) {
    return permanent_error("submit: impossible sender: " + printable(submission.sender, 300));
  }
  if (!is_safe_word(submission.ret) || !is_safe_word(submission.envid)) {
    return permanent_error("submit: impossible RET or ENVID: " + printable(submission.ret, 100) +
                           ", " + printable(submission.envid, 100));
  }
  if (submission.recipients.empty()) return permanent_error("submit: no recipient");
  for (const ports::SubmissionRecipient& recipient : submission.recipients) {
    if (recipient.address.empty() || !is_safe_address(recipient.address)) {
      return permanent_error("submit: impossible recipient: " + printable(recipient.address, 300));
    }
    if (!is_safe_word(recipient.notify) || !is_safe_word(recipient.orcpt)) {
      return permanent_error(
          "submit: impossible NOTIFY or ORCPT: " + printable(recipient.notify, 100) + ", " +
          printable(recipient.orcpt, 300));
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

class SmtpSubmitter final : public ports::Submitter {
 public:
  explicit SmtpSubmitter(SubmitterOptions options) : options_(std::move(options)) {}

  Result<std::string> submit(const ports::Submission& submission, Deadline deadline) override {
    const Status checked = check(options_, submission);
    if (!checked) return checked.error();
    auto dialogue =
        Dialogue::connect(options_.address, deadline.sooner_of(Deadline::after(options_.timeout)));
    if (!dialogue) return dialogue.error();
    auto answer = converse(*dialogue, submission);
    dialogue->quit();
    return answer;
  }

 private:
  Result<std::string> converse(Dialogue& dialogue, const ports::Submission& submission) const {
    const auto offered = dialogue.greet(options_.helo_name);
    if (!offered) return offered.error();
    if (submission.smtputf8 && !offered->smtputf8) {
      return permanent_error("submit: " + options_.address.to_string() +
                             ": the message needs SMTPUTF8, which is not offered");
    }
    const std::string header = token_header(submission);
    const std::uint64_t size = header.size() + wire_size(submission.bytes);
    const auto sender = dialogue.command(mail_command(submission, *offered, size), 2);
    if (!sender) return sender.error();
    for (const ports::SubmissionRecipient& recipient : submission.recipients) {
      const auto accepted = dialogue.command(rcpt_command(recipient, *offered), 2);
      // Nothing has been sent yet: leaving now means that nobody gets it.
      if (!accepted) return accepted.error();
    }
    const auto go_ahead = dialogue.command("DATA", 3);
    if (!go_ahead) return go_ahead.error();
    const auto send = [&](std::string_view piece) { return dialogue.write("message", piece); };
    Status sent = send(header);
    if (sent) sent = write_dot_stuffed(submission.bytes, send);
    if (sent) sent = send(".\r\n");
    if (!sent) return sent.error();
    const auto taken = dialogue.read_reply("end of message", 2);
    if (!taken) return taken.error();
    return taken->text;
  }

  std::string token_header(const ports::Submission& submission) const {
    std::vector<std::string> recipients;
    for (const ports::SubmissionRecipient& recipient : submission.recipients) {
      recipients.push_back(recipient.address);
    }
    std::string id = submission.id;
    if (submission.is_finished) id += kFinishedMark;
    return std::string(kSubmitTokenHeader) + ": " +
           make_submit_token(id, submission.sender, std::move(recipients),
                             options_.clock.wall() + options_.token_lifetime, options_.token_keys) +
           "\r\n";
  }

  const SubmitterOptions options_;
};

}  // namespace

std::unique_ptr<ports::Submitter> make_submitter(SubmitterOptions options) {
  return std::make_unique<SmtpSubmitter>(std::move(options));
}

}  // namespace postern::smtp
