#include "adapters/smtp/lmtp.h"

#include <algorithm>
#include <utility>

#include "adapters/smtp/commands.h"
#include "adapters/smtp/data.h"
#include "adapters/smtp/dialogue.h"

namespace postern::smtp {
namespace {

constexpr const char* kPurpose = "lmtp";

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The mailbox takes eight bits, whether its server has heard of SMTPUTF8 or not; of the sender, who will hear
// of nothing, only the Return-Path depends on it.
ports::Submission as_offered(const ports::Submission& submission, const Extensions& offered) {
  ports::Submission said = submission;
  if (offered.smtputf8 || !said.smtputf8) return said;
  said.smtputf8 = false;
  said.eight_bit = true;
  if (!is_ascii(said.sender)) said.sender.clear();
  return said;
}

// What the server says before it has heard of the recipient, or of everybody, is no word about his mailbox.
Error not_his(const Error& error) { return temporary_error(error.what); }

class LmtpSubmitter final : public ports::Submitter {
 public:
  explicit LmtpSubmitter(LmtpOptions options) : options_(std::move(options)) {}

  Result<std::string> submit(const ports::Submission& submission, Deadline deadline) override {
    const Status checked = check(kPurpose, options_.helo_name, submission);
    if (!checked) return checked.error();
    if (submission.recipients.size() != 1) {
      return permanent_error("lmtp: one recipient at a time has an answer of his own");
    }
    auto dialogue = Dialogue::connect(
        options_.address, deadline.sooner_of(Deadline::after(options_.timeout)), kPurpose);
    if (!dialogue) return dialogue.error();
    auto answer = converse(*dialogue, submission);
    dialogue->quit();
    return answer;
  }

 private:
  Result<std::string> converse(Dialogue& dialogue, const ports::Submission& submission) const {
    const auto offered = dialogue.greet(options_.helo_name, Protocol::lmtp);
    if (!offered) return not_his(offered.error());
    const ports::Submission said = as_offered(submission, *offered);
    const auto sender =
        dialogue.command(mail_command(said, *offered, wire_size(submission.bytes)), 2);
    if (!sender) return not_his(sender.error());
    const auto accepted = dialogue.command(rcpt_command(said.recipients.front(), *offered), 2);
    if (!accepted) return accepted.error();
    const auto go_ahead = dialogue.command("DATA", 3);
    if (!go_ahead) return not_his(go_ahead.error());
    const auto send = [&](std::string_view piece) { return dialogue.write("message", piece); };
    Status sent = write_dot_stuffed(submission.bytes, send);
    if (sent) sent = send(".\r\n");
    if (!sent) return sent.error();
    const auto taken = dialogue.read_reply("end of message", 2);
    if (!taken) return taken.error();
    return taken->text;
  }

  const LmtpOptions options_;
};

}  // namespace

std::unique_ptr<ports::Submitter> make_lmtp_submitter(LmtpOptions options) {
  return std::make_unique<LmtpSubmitter>(std::move(options));
}

}  // namespace postern::smtp
