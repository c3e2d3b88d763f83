// End of message: gather, decide for each recipient, plan, carry out, reply.
#include <algorithm>

#include "base/log.h"
#include "base/submit_token.h"
#include "base/text.h"
#include "decide/class_rules.h"
#include "mail/bulk.h"
#include "mail/header_from.h"
#include "session/gather.h"
#include "session/own_headers.h"
#include "session/report.h"
#include "session/transaction.h"

namespace postern::session {

mail::Reply fault_reply() { return {451, "4.3.0", "temporary local problem, try again later"}; }

Verdict Transaction::end_of_message(std::string_view queue_id, MessageEditor& editor) {
  if (std::holds_alternative<Resubmitted>(direction_)) return admit_resubmitted(editor);
  if (header_is_too_large()) {
    return refuse_message(queue_id, {552, "5.3.4", "header is too large"}, "header is too large");
  }
  if (postponed_) return refuse_message(queue_id, *postponed_, "a recipient was refused");
  // Postfix does not come here without a recipient; another speaker of the protocol may.
  if (recipients_.empty()) return refuse_message(queue_id, fault_reply(), "no recipient");
  if (auto refusal = settle_author()) return refuse_message(queue_id, *refusal, "header From");

  const decide::Evidence evidence = gather_evidence(queue_id, editor);
  const std::vector<decide::Decision> decisions = decide_each(evidence);
  const decide::Plan plan = decide::make_plan(decisions);
  return carry_out(plan, evidence, decisions, queue_id, editor);
}

Verdict Transaction::admit_resubmitted(MessageEditor& editor) {
  const mail::HeaderField* const token = message_.find(kSubmitTokenHeader);
  std::string sender(sender_.given);
  if (sender.size() >= 2 && sender.front() == '<') sender = sender.substr(1, sender.size() - 2);
  const TokenVerdict verdict =
      token == nullptr || services_.token_keys.empty()
          ? TokenVerdict::forged
          : verify_submit_token(token->value, sender, resubmitted_to_, services_.clock.wall(),
                                services_.token_keys);
  if (verdict != TokenVerdict::valid) {
    const bool expired = verdict == TokenVerdict::expired;
    return refuse_message("", {550, "5.7.1", "this listener takes only mail of its own daemon"},
                          expired ? "submit token expired" : "no valid submit token");
  }
  // The original comes back as it was stored, with what its sender may have forged; the token is ours too.
  const std::string original_id(trim(token->value).substr(0, trim(token->value).find(' ')));
  Status edited = remove_forged_headers(message_, rules_->id_headers, authserv_id(), true, editor);
  if (edited) edited = add_id_headers(original_id, rules_->id_headers, editor);
  if (!edited) return refuse_message("", fault_reply(), edited.error().what);
  log::info("resubmitted", {{"id", original_id},
                            {"sender", sender},
                            {"recipients", static_cast<std::uint64_t>(resubmitted_to_.size())}});
  return Continue{};
}

// Whose mail it is by the header From. A null sender from a customer's network that goes to our own
// mailboxes only (a bounce) needs no owner.
std::optional<mail::Reply> Transaction::settle_author() {
  auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing == nullptr) return std::nullopt;
  const bool leaves_us =
      std::any_of(recipients_.begin(), recipients_.end(),
                  [](const AcceptedRecipient& recipient) { return !recipient.rules; });
  const bool is_bounce_to_us = outgoing->domain == nullptr && !outgoing->is_local && !leaves_us;
  if (is_bounce_to_us) return std::nullopt;
  auto judged = decide::judge_author(*snapshot_, *outgoing, mail::header_from(message_),
                                     rules_->recipient_delimiters);
  if (auto* const reply = std::get_if<mail::Reply>(&judged)) return *reply;
  auto& authorship = std::get<decide::Authorship>(judged);
  may_be_signed_ = authorship.may_be_signed;
  direction_ = std::move(authorship.outgoing);
  return std::nullopt;
}

bool Transaction::score_is_needed() const {
  // An over-large message is refused whatever its score.
  if (!has_whole_message_) return false;
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing != nullptr && outgoing->policy != nullptr &&
      outgoing->policy->relay.spam_score_limit) {
    return true;
  }
  return std::any_of(recipients_.begin(), recipients_.end(), [](const auto& recipient) {
    return recipient.rules && decide::spam_score_matters(*recipient.rules->policy);
  });
}

decide::Evidence Transaction::gather_evidence(std::string_view queue_id, MessageEditor& editor) {
  decide::Evidence evidence;
  evidence.size = message_.size();
  evidence.bulk_marks = mail::bulk_marks(message_);
  std::vector<mail::Recipient> recipients;
  for (const AcceptedRecipient& recipient : recipients_) recipients.push_back(recipient.envelope);
  const ports::ScanInput input{message_,     sender_,      recipients,        client_.address,
                               client_.helo, client_.name, client_.sasl_user, queue_id};
  ScanFindings findings =
      scan(services_.scanners, input, score_is_needed(), [&editor] { editor.progress(); });
  evidence.spam = std::move(findings.spam);
  evidence.scanner_fault = std::move(findings.fault);
  evidence.virus = std::move(findings.virus);
  return evidence;
}

std::vector<decide::Decision> Transaction::decide_each(const decide::Evidence& evidence) const {
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  std::optional<decide::Decision> by_sender;
  if (outgoing != nullptr && outgoing->policy != nullptr) {
    by_sender = decide::decide_outgoing(*outgoing->policy, evidence, rules_->decide);
  }
  const bool sender_forbids = by_sender && by_sender->disposition != decide::Disposition::deliver;
  std::vector<decide::Decision> decisions;
  for (const AcceptedRecipient& recipient : recipients_) {
    if (sender_forbids || !recipient.rules) {
      decisions.push_back(by_sender.value_or(decide::Decision()));
      // Copies of what somebody sent are kept for the sender, once, not for each recipient.
      decisions.back().retention_copy = decisions.back().archive_copy = false;
    } else {
      decisions.push_back(
          decide::decide_incoming(*recipient.rules->policy, evidence, rules_->decide));
    }
  }
  return decisions;
}

Verdict Transaction::refuse_message(std::string_view queue_id, const mail::Reply& reply,
                                    std::string_view reason) {
  MessageReport report{{id_, client_, sender_, snapshot_->generation()}};
  report.direction = to_string(direction_);
  report.queue_id = queue_id;
  report.outcome = reply.is_temporary() ? "defer" : "reject";
  for (const auto& recipient : recipients_) report.recipients.push_back(recipient.envelope.given);
  if (recipients_.empty()) report.recipients = resubmitted_to_;
  report.reason = reason;
  report.reply = reply;
  report.size = message_.size();
  const std::chrono::duration<double> took = services_.clock.steady() - started_;
  report.seconds = took.count();
  report_message(report);
  return Refuse{reply};
}

}  // namespace postern::session
