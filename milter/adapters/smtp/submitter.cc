#include "adapters/smtp/submitter.h"

#include <utility>

#include "adapters/smtp/commands.h"
#include "adapters/smtp/data.h"
#include "adapters/smtp/dialogue.h"
#include "base/submit_token.h"

namespace postern::smtp {
namespace {

class SmtpSubmitter final : public ports::Submitter {
 public:
  explicit SmtpSubmitter(SubmitterOptions options) : options_(std::move(options)) {}

  Result<std::string> submit(const ports::Submission& submission, Deadline deadline) override {
    if (options_.token_keys.empty()) return permanent_error("submit: no token key");
    const Status checked = check("submit", options_.helo_name, submission);
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
