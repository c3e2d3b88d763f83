#include "session/session.h"

#include "session/report.h"
#include "session/transaction.h"

namespace postern::session {
namespace {

Refuse not_ready(std::string_view why) { return Refuse{{421, "4.3.2", std::string(why)}}; }

}  // namespace

Session::Session(Services& services, Explained* explained)
    : services_(services), explained_(explained) {}
Session::~Session() = default;

Verdict Session::mail_from(ClientFacts client, const std::vector<std::string_view>& arguments) {
  abort();
  auto snapshot = services_.snapshot.get();
  const bool usable = snapshot && snapshot->usable();
  if (!usable || services_.draining) {
    const Refuse refusal = not_ready(usable ? "policy service is restarting, try again later"
                                            : "no mail policy is loaded yet, try again later");
    report_not_ready(client, arguments.empty() ? "" : arguments.front(), refusal.reply);
    return refusal;
  }
  transaction_ = std::make_unique<Transaction>(services_, std::move(snapshot), std::move(client),
                                               arguments, explained_);
  Verdict verdict = transaction_->begin();
  if (!std::holds_alternative<Continue>(verdict)) transaction_.reset();
  return verdict;
}

Verdict Session::rcpt_to(const std::vector<std::string_view>& arguments) {
  if (!transaction_) return Refuse{{451, "4.3.0", "no transaction, try again later"}};
  return transaction_->rcpt_to(arguments);
}

void Session::header(std::string_view name, std::string_view value) {
  if (transaction_) transaction_->header(name, value);
}

bool Session::body(std::string_view chunk) { return transaction_ && transaction_->body(chunk); }

Verdict Session::end_of_message(std::string_view queue_id, MessageEditor& editor) {
  if (!transaction_) return Refuse{{451, "4.3.0", "no transaction, try again later"}};
  Verdict verdict = transaction_->end_of_message(queue_id, editor);
  transaction_.reset();
  return verdict;
}

void Session::abort() { transaction_.reset(); }

}  // namespace postern::session
