// End of message: gather, decide for each recipient, plan, carry out, reply.
#include <algorithm>

#include "base/log.h"
#include "base/submit_token.h"
#include "base/text.h"
#include "mail/header_from.h"
#include "session/client_before.h"
#include "session/inspect.h"
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
  from_ = mail::header_from(message_);
  settle_origin();
  if (auto refusal = settle_tenant()) return refuse_message(queue_id, *refusal, "tenant");
  if (auto refusal = settle_author()) return refuse_message(queue_id, *refusal, "header From");
  if (auto refusal = settle_mail_from())
    return refuse_message(queue_id, *refusal, "MAIL FROM domain");

  settle_listings(editor);
  settle_forwarding_sender();
  gather_evidence(queue_id, editor);
  const std::vector<decide::Decision> decisions = decide_each();
  const decide::Plan plan = plan_for(decisions);
  return carry_out_counted(plan, decisions, queue_id, editor);
}

// What is accepted counts for its sender, and nothing else does.
Verdict Transaction::carry_out_counted(const decide::Plan& plan,
                                       const std::vector<decide::Decision>& decisions,
                                       std::string_view queue_id, MessageEditor& editor) {
  const bool is_accepted = plan.fate == decide::Fate::deliver || plan.fate == decide::Fate::discard;
  const auto sending = is_accepted ? sending_request() : std::nullopt;
  if (sending) {
    if (auto refusal = reserve_sending(*sending)) {
      return refuse_message(queue_id, *refusal, "sending limit of " + sending->account);
    }
  }
  Verdict verdict = carry_out(plan, decisions, queue_id, editor);
  const bool was_refused = std::holds_alternative<Refuse>(verdict);
  if (sending && was_refused && explained_ == nullptr) services_.sending_limits->release(*sending);
  return verdict;
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
  std::string id(trim(token->value).substr(0, trim(token->value).find(' ')));
  Status edited = success();
  if (id.ends_with(kFinishedMark)) {
    id.resize(id.size() - kFinishedMark.size());
    edited = editor.delete_header(std::string(kSubmitTokenHeader), 1);
  } else {
    // As it was stored, with what its sender may have forged; the token goes with it.
    edited = remove_forged_headers(message_, rules_->id_headers, authserv_id(), true, editor);
    if (edited) edited = add_id_headers(id, rules_->id_headers, editor);
  }
  if (!edited) return refuse_message("", fault_reply(), edited.error().what);
  log::info("resubmitted", {{"id", id},
                            {"sender", sender},
                            {"recipients", static_cast<std::uint64_t>(resubmitted_to_.size())}});
  return Continue{};
}

// A bounce on its way back to a sender elsewhere is not ours either.
bool Transaction::leaves_us() const {
  return std::any_of(
      recipients_.begin(), recipients_.end(),
      [](const AcceptedRecipient& recipient) { return !recipient.rules && !recipient.elsewhere; });
}

// Whose mail it is by the header From. A null sender from a customer's network that goes to our own
// mailboxes only (a bounce) needs no owner.
std::optional<mail::Reply> Transaction::settle_author() {
  auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing == nullptr) return std::nullopt;
  const bool is_bounce_to_us = outgoing->domain == nullptr && !outgoing->is_local && !leaves_us();
  if (is_bounce_to_us) return std::nullopt;
  auto judged = decide::judge_author(*snapshot_, *outgoing, *from_, rules_->recipient_delimiters);
  if (auto* const reply = std::get_if<mail::Reply>(&judged)) return *reply;
  auto& authorship = std::get<decide::Authorship>(judged);
  if (authorship.outgoing.domain != nullptr) {
    auto refusal = decide::refuse_authors(*snapshot_, *authorship.outgoing.domain, *from_,
                                          rules_->identity, why_of_sender());
    if (refusal) return refusal;
  }
  may_be_signed_ = authorship.may_be_signed;
  direction_ = std::move(authorship.outgoing);
  return std::nullopt;
}

// Behind a trusted relay, the client that counts is the one its Received field names.
void Transaction::settle_origin() {
  if (!is_trusted_relay(client_.address, rules_->trusted_relays)) return;
  std::vector<std::string_view> received;
  for (const mail::HeaderField& field : message_.headers()) {
    if (equals_ignoring_case(field.name, "Received")) received.push_back(field.value);
  }
  CountingClient counting =
      client_that_counts(client_.address, client_.helo, rules_->trusted_relays, received);
  origin_ = {counting.address, std::move(counting.helo)};
}

// What was worked out for one holds for the next with the same rules, unless somebody asks why, or
// observation has spared one of them something else.
bool Transaction::is_judged_like(const AcceptedRecipient& recipient,
                                 const AcceptedRecipient& other) const {
  return explained_ == nullptr && recipient.rules && other.rules &&
         recipient.rules->domain->enforcement == policy::Enforcement::enforce &&
         have_same_rules(recipient, other);
}

// SPF, DKIM and DMARC are asked first: whom a list allows by them is spared the scanners.
void Transaction::settle_listings(MessageEditor& editor) {
  const AuthenticationWants wants = authentication_wants();
  if (wants.any()) {
    authenticate(services_, *rules_, {message_, *from_, sender_, origin_, client_.mta_name}, wants,
                 evidence_, [&editor] { editor.progress(); });
  }
  const AcceptedRecipient* first = nullptr;
  for (AcceptedRecipient& recipient : recipients_) {
    if (!recipient.rules) continue;
    if (first != nullptr && is_judged_like(recipient, *first)) {
      recipient.listing = first->listing;
    } else {
      recipient.listing = listing_for(*recipient.rules, recipient.why());
      first = &recipient;
    }
  }
}

decide::Plan Transaction::plan_for(const std::vector<decide::Decision>& decisions) const {
  decide::PlanOptions options;
  options.on_mixture = rules_->mixed_rejection == MixedRejection::discard
                           ? decide::OnMixture::discard
                           : decide::OnMixture::store;
  options.shows_findings = std::holds_alternative<decide::Incoming>(direction_);
  for (const AcceptedRecipient& recipient : recipients_) {
    options.forwarded.push_back(is_forwarded(recipient));
  }
  return decide::make_plan(decisions, options);
}

decide::IncomingCase Transaction::case_of(const AcceptedRecipient& recipient) const {
  return {*recipient.rules, recipient.listing, sender_is_verified(*recipient.rules)};
}

decide::Needs Transaction::needs_of_all() const {
  decide::Needs needs;
  // An over-large message is refused whatever is in it.
  if (!has_whole_message_) return needs;
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing != nullptr && outgoing->policy != nullptr) {
    needs.virus = true;
    needs.spam = outgoing->policy->relay.spam_score_limit.has_value();
  }
  const AcceptedRecipient* first = nullptr;
  for (const AcceptedRecipient& recipient : recipients_) {
    if (!recipient.rules) continue;
    if (first != nullptr && is_judged_like(recipient, *first)) continue;
    first = &recipient;
    needs |=
        decide::needs_of(case_of(recipient), rules_->decide.dmarc_is_enforced, recipient.why());
  }
  return needs;
}

void Transaction::gather_evidence(std::string_view queue_id, MessageEditor& editor) {
  evidence_.size = message_.size();
  const decide::Needs needs = needs_of_all();
  if (needs.sender) verify_sender();
  std::vector<mail::Recipient> recipients;
  for (const AcceptedRecipient& recipient : recipients_) recipients.push_back(recipient.envelope);
  const ports::ScanInput input{message_,     sender_,      recipients,        client_.address,
                               client_.helo, client_.name, client_.sasl_user, queue_id};
  inspect(services_, input, needs, evidence_, [&editor] { editor.progress(); });
}

std::vector<decide::Decision> Transaction::decide_each() const {
  std::vector<decide::Decision> decisions;
  for (const AcceptedRecipient& recipient : recipients_) {
    const bool is_known =
        !decisions.empty() && is_judged_like(recipient, recipients_[decisions.size() - 1]);
    decisions.push_back(is_known ? decisions.back() : decide_for(recipient));
    if (recipient.explained != nullptr) recipient.explained->decision = decisions.back();
  }
  return decisions;
}

decide::Decision Transaction::decide_for(const AcceptedRecipient& recipient) const {
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing != nullptr && outgoing->policy != nullptr) {
    auto by_sender = decide::decide_outgoing(*outgoing->policy, outgoing->policy_source, evidence_,
                                             rules_->decide, recipient.why());
    const bool sender_forbids = by_sender.disposition != decide::Disposition::deliver;
    if (sender_forbids || !recipient.rules) {
      // Copies of what somebody sent are kept for the sender, once, not for each recipient.
      by_sender.retention_copy = by_sender.archive_copy = false;
      return by_sender;
    }
  }
  if (!recipient.rules) return {};
  auto decision =
      decide::decide_incoming(case_of(recipient), evidence_, rules_->decide, recipient.why());
  if (recipient.rules->domain->enforcement == policy::Enforcement::enforce) return decision;
  decide::Decision untouched = decide::observed(std::move(decision));
  if (recipient.would_refuse) untouched.would = would_be(recipient.would_refuse);
  return untouched;
}

Verdict Transaction::refuse_message(std::string_view queue_id, const mail::Reply& reply,
                                    std::string_view reason) {
  if (explained_ != nullptr) {
    explained_->reply = reply;
    explained_->outcome = reply.is_temporary() ? "defer" : "reject";
    explained_->sender.add("message", "", std::string(reason), decide::Effect::applied);
    return Refuse{reply};
  }
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
