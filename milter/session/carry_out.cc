// Carries out a plan in the one safe order: the message is edited, what must be kept and what leaves
// by itself is made durable, the sender gets the reply. Any failure before that is 451, and the sender
// keeps the mail.
#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/metrics.h"
#include "decide/keeping.h"
#include "mail/subject.h"
#include "session/addressees.h"
#include "session/authentication_results.h"
#include "session/copy_editor.h"
#include "session/mailbox_address.h"
#include "session/own_headers.h"
#include "session/received.h"
#include "session/report.h"
#include "session/sign.h"
#include "session/transaction.h"

namespace postern::session {
namespace {

using decide::Fate;

constexpr std::size_t kLongestSubject = 250;

// The message's own fault: trying again would end the same way.
mail::Reply unsignable_reply() { return {550, "5.6.0", "message cannot be signed as it is"}; }

Verdict verdict_of(const decide::Plan& plan) {
  switch (plan.fate) {
    case Fate::deliver:
      return Continue{};
    case Fate::discard:
      return Discard{};
    case Fate::reject:
    case Fate::defer:
      return Refuse{plan.reply};
  }
  return Refuse{fault_reply()};
}

// Two spellings of one mailbox are kept once.
std::vector<ports::VaultCopy> recipient_copies(const decide::Plan& plan,
                                               const std::vector<AcceptedRecipient>& recipients,
                                               const std::vector<decide::Decision>& decisions,
                                               const Rules& settings) {
  std::vector<ports::VaultCopy> copies;
  std::set<std::pair<std::string, decide::Purpose>> seen;
  for (const decide::PlannedCopy& planned : plan.copies) {
    const auto& rules = recipients[planned.recipient].rules;
    const decide::Decision& decision = decisions[planned.recipient];
    const AcceptedRecipient& recipient = recipients[planned.recipient];
    if (!rules || !seen.insert({recipient.identity(), planned.purpose}).second) continue;
    copies.push_back({recipient.target().to_string(), rules->domain->name, planned.purpose,
                      decision.decider, decision.reason(),
                      planned.instead_of_refusal
                          ? decide::kDaysInsteadOfRefusal
                          : decide::duration_of(*rules->policy, planned.purpose)});
    // Who is elsewhere has no mailbox here.
    if (!settings.delivers_into_mailboxes || recipient.elsewhere) continue;
    const std::string folder = folder_for(planned.purpose, decision, *rules);
    if (folder.empty()) continue;
    copies.back().mailbox =
        mailbox_address(recipient.target(), folder, settings.recipient_delimiters);
  }
  return copies;
}

// What somebody sent is kept for the sender, once, if it was accepted.
std::vector<ports::VaultCopy> sent_copies(const decide::Outgoing& outgoing,
                                          const mail::Sender& sender, const Rules& settings) {
  std::vector<ports::VaultCopy> copies;
  if (outgoing.policy == nullptr) return copies;
  const std::string mailbox = sender.address
                                  ? sender.address->in_domain(outgoing.domain->name).to_string()
                                  : "postmaster@" + outgoing.domain->name;
  const auto keep = [&](decide::Purpose purpose) {
    copies.push_back({mailbox, outgoing.domain->name, purpose, decide::MailClass::clean,
                      std::string(decide::kSentReason),
                      decide::duration_of(*outgoing.policy, purpose)});
  };
  if (outgoing.policy->retention_props.store_mail_out) {
    keep(decide::Purpose::retention);
    const auto address = mail::Address::parse(mailbox);
    if (settings.delivers_into_mailboxes && sender.address && address) {
      copies.back().mailbox = mailbox_address(*address, kSentFolder, settings.recipient_delimiters);
    }
  }
  if (outgoing.policy->archive_props.store_mail_out) keep(decide::Purpose::archive);
  return copies;
}

}  // namespace

std::vector<ports::VaultCopy> Transaction::copies_to_keep(
    const decide::Plan& plan, const std::vector<decide::Decision>& decisions) const {
  auto copies = recipient_copies(plan, recipients_, decisions, *rules_);
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  const bool accepted = plan.fate == Fate::deliver || plan.fate == Fate::discard;
  if (outgoing != nullptr && accepted) {
    auto sent = sent_copies(*outgoing, sender_, *rules_);
    std::move(sent.begin(), sent.end(), std::back_inserter(copies));
  }
  return copies;
}

Status Transaction::store(std::vector<ports::VaultCopy> copies,
                          std::vector<ports::OutboxCopy> leaving, std::string_view queue_id) {
  if (copies.empty() && leaving.empty()) return success();
  if (services_.vault == nullptr) return temporary_error("no vault to keep the message in");
  const std::string bytes = message_.to_bytes();
  ports::VaultMessage stored;
  stored.id = id_;
  stored.bytes = bytes;
  stored.sender = sender_.address ? sender_.address->to_string() : "";
  stored.client = client_.address ? client_.address->to_string() : "local";
  stored.helo = client_.helo;
  stored.queue_id = queue_id;
  if (const mail::HeaderField* const subject = message_.find("Subject")) {
    stored.subject = mail::decode_header_text(subject->value).substr(0, kLongestSubject);
  }
  if (const auto* const verdict = std::get_if<decide::SpamVerdict>(&evidence_.spam)) {
    stored.score = verdict->score;
  }
  if (const auto* const verdict = std::get_if<decide::VirusVerdict>(&evidence_.virus)) {
    stored.virus = verdict->name;
  }
  stored.eight_bit = sender_.eight_bit;
  stored.smtputf8 = sender_.smtputf8;
  stored.generation = snapshot_->generation();
  stored.received = services_.clock.wall();
  if (std::any_of(copies.begin(), copies.end(),
                  [](const ports::VaultCopy& copy) { return !copy.mailbox.empty(); })) {
    auto header = mailbox_header(queue_id);
    if (!header) return header.error();
    stored.mailbox_header = std::move(*header);
  }
  stored.copies = std::move(copies);
  stored.outbox = std::move(leaving);
  return services_.vault->store(stored);
}

// As it was stored, with what its sender may have forged taken out, and where to look for it.
Result<std::string> Transaction::mailbox_header(std::string_view queue_id) const {
  CopyEditor editor(message_);
  Status done = remove_forged_headers(message_, rules_->id_headers, authserv_id(), true, editor);
  if (done) done = add_id_headers(id_, rules_->id_headers, editor);
  if (done) {
    done = editor.insert_header("Received",
                                received_value(client_, queue_id, "", services_.clock.wall()));
  }
  if (!done) return done.error();
  return editor.header_block();
}

// What only its readers may see of it: forged fields of ours out, our own in.
Status Transaction::dress(const decide::Delivery& delivery,
                          const std::vector<decide::Decision>& decisions, MessageEditor& editor) {
  const bool incoming = std::holds_alternative<decide::Incoming>(direction_);
  const bool is_observed = !delivery.would.empty();
  if (Status done = remove_forged_headers(message_, rules_->id_headers, authserv_id(),
                                          incoming && !is_observed, editor);
      !done) {
    return done;
  }
  if (Status done = add_id_headers(id_, rules_->id_headers, editor); !done) return done;
  if (is_observed) {
    return editor.insert_header("X-Postern-Would", " " + header_text(delivery.would));
  }
  if (incoming) {
    if (Status done = add_findings(delivery, decisions, editor); !done) return done;
  }
  return mark(delivery, editor);
}

// What was found out, as the recipients' mail programs read it.
Status Transaction::add_findings(const decide::Delivery& delivery,
                                 const std::vector<decide::Decision>& decisions,
                                 MessageEditor& editor) {
  // Nothing: a bounce on its way to a sender elsewhere, who has no rules here.
  const auto required = [this](std::size_t i) -> std::optional<policy::MilliScore> {
    const auto& rules = recipients_[i].rules;
    if (!rules) return std::nullopt;
    return rules->policy->spam_score;
  };
  const std::size_t first = delivery.recipients.front();
  const bool agree = std::all_of(delivery.recipients.begin(), delivery.recipients.end(),
                                 [&](std::size_t i) { return required(i) == required(first); });
  if (Status done =
          add_spam_headers(decisions[first], agree ? required(first) : std::nullopt, editor);
      !done) {
    return done;
  }
  return add_authentication_results(editor);
}

// What the policy asks to be put on it.
Status Transaction::mark(const decide::Delivery& delivery, MessageEditor& editor) {
  if (delivery.added_header) {
    const auto& [name, value] = *delivery.added_header;
    if (Status done = editor.add_header(name, " " + value); !done) return done;
  }
  if (delivery.subject_prefix.empty()) return success();
  return prefix_subject(message_, delivery.subject_prefix, editor);
}

// Says what was evaluated, and only that (RFC 8601 allows both).
Status Transaction::add_authentication_results(MessageEditor& editor) {
  AuthenticationFindings findings;
  if (const auto* const spf = std::get_if<decide::SpfVerdict>(&evidence_.spf)) {
    findings.spf = *spf;
    if (sender_.address) findings.mail_from = sender_.address->to_string();
  }
  if (const auto* const dkim = std::get_if<decide::DkimVerdict>(&evidence_.dkim)) {
    findings.dkim = *dkim;
  }
  if (const auto* const dmarc = std::get_if<decide::DmarcVerdict>(&evidence_.dmarc)) {
    findings.dmarc = *dmarc;
  }
  if (!findings.spf && !findings.dkim && !findings.dmarc) return success();
  return editor.insert_header("Authentication-Results",
                              authentication_results(authserv_id(), findings));
}

// What leaves us is signed; what stays among our own mailboxes is not.
Status Transaction::sign(const decide::Delivery& delivery, MessageEditor& editor,
                         std::vector<std::string>& signed_by) {
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  const bool leaves_us = std::any_of(
      delivery.recipients.begin(), delivery.recipients.end(),
      [this](std::size_t i) { return !recipients_[i].rules || recipients_[i].elsewhere; });
  if (outgoing == nullptr || !leaves_us || !may_be_signed_ || services_.signer == nullptr) {
    return success();
  }
  auto names = sign_message(message_, *snapshot_, *outgoing, *services_.signer, *rules_, editor);
  if (!names) return names.error();
  signed_by = std::move(*names);
  return success();
}

Result<std::vector<ports::OutboxCopy>> Transaction::leaving_copies(
    const decide::Plan& plan, const std::vector<decide::Decision>& decisions,
    std::string_view queue_id, Addressed& addressed, std::vector<std::string>& signed_by) {
  std::vector<ports::OutboxCopy> copies;
  for (std::size_t i = 0; i < plan.deliveries.size(); ++i) {
    if (plan.stays == i) continue;
    const decide::Delivery& delivery = plan.deliveries[i];
    ports::OutboxCopy copy;
    copy.recipients = copy_recipients(recipients_, delivery.recipients, addressed);
    if (copy.recipients.empty()) continue;
    if (services_.token_keys.empty()) return temporary_error("no keys to hand a copy over with");
    CopyEditor editor(message_);
    if (Status dressed = dress(delivery, decisions, editor); !dressed) return dressed.error();
    if (Status done = sign(delivery, editor, signed_by); !done) return done.error();
    const std::string only = copy.recipients.size() == 1 ? copy.recipients.front().address : "";
    if (Status added = editor.insert_header(
            "Received", received_value(client_, queue_id, only, services_.clock.wall()));
        !added) {
      return added.error();
    }
    copy.sender = leaving_sender(delivery);
    copy.header = editor.header_block();
    copy.body = editor.body();
    copy.eight_bit = sender_.eight_bit;
    copy.smtputf8 = sender_.smtputf8;
    copy.ret = sender_.ret;
    copy.envid = sender_.envid;
    if (explained_ != nullptr) explain_copy(copy);
    copies.push_back(std::move(copy));
  }
  return copies;
}

// The MTA forgets its edits when it is not answered 250, so they come first: what has been committed
// to the vault may be on its way already, and from there on nothing may fail any more.
Verdict Transaction::carry_out(const decide::Plan& plan,
                               const std::vector<decide::Decision>& decisions,
                               std::string_view queue_id, MessageEditor& editor) {
  Addressed addressed;
  std::vector<std::string> signed_by;
  if (plan.stays) {
    const decide::Delivery& staying = plan.deliveries[*plan.stays];
    Status edited = dress(staying, decisions, editor);
    if (edited) edited = keep_in_transaction(recipients_, staying.recipients, addressed, editor);
    if (edited && mail_from_) edited = editor.change_sender(*mail_from_);
    if (!edited) {
      return refuse_message(queue_id, fault_reply(), "not edited: " + edited.error().what);
    }
    if (Status done = sign(staying, editor, signed_by); !done) {
      return refuse_unsigned(queue_id, done.error());
    }
  }
  auto leaving = leaving_copies(plan, decisions, queue_id, addressed, signed_by);
  if (!leaving) return refuse_unsigned(queue_id, leaving.error());
  auto copies = copies_to_keep(plan, decisions);
  const std::size_t kept = copies.size();
  if (explained_ != nullptr) {
    explain(plan, decisions, copies);
    explained_->signed_by = std::move(signed_by);
    return verdict_of(plan);
  }
  if (Status stored = store(std::move(copies), std::move(*leaving), queue_id); !stored) {
    return refuse_message(queue_id, fault_reply(), "not stored: " + stored.error().what);
  }
  tell_of_newcomers(plan, decisions);
  report(plan, decisions, queue_id, kept, std::move(signed_by));
  return verdict_of(plan);
}

Verdict Transaction::refuse_unsigned(std::string_view queue_id, const Error& error) {
  return refuse_message(
      queue_id, error.permanence == Permanence::temporary ? fault_reply() : unsignable_reply(),
      "not signed: " + error.what);
}

// Never of spam, and never of a bounce: whoever guesses addresses must not create them.
void Transaction::tell_of_newcomers(const decide::Plan& plan,
                                    const std::vector<decide::Decision>& decisions) const {
  if (services_.provisioning == nullptr || !sender_.address) return;
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    const auto& rules = recipients_[i].rules;
    const bool is_newcomer = rules && !rules->is_known() && !rules->through_catchall &&
                             rules->domain->auto_provisioning && rules->platform != nullptr;
    const bool is_delivered = plan.outcomes[i] == decide::RecipientOutcome::deliver ||
                              plan.outcomes[i] == decide::RecipientOutcome::tag;
    if (!is_newcomer || !is_delivered || decisions[i].is(decide::MailClass::spam)) continue;
    services_.provisioning->consider(rules->canonical, *rules->domain, *rules->platform);
  }
}

void Transaction::report(const decide::Plan& plan, const std::vector<decide::Decision>& decisions,
                         std::string_view queue_id, std::size_t copies,
                         std::vector<std::string> signed_by) const {
  MessageReport line{{id_, client_, sender_, snapshot_->generation()}};
  line.direction = to_string(direction_);
  line.queue_id = queue_id;
  line.outcome = outcome_of(plan);
  for (const auto& recipient : recipients_) line.recipients.push_back(recipient.shown());
  line.decisions = decisions;
  line.outcomes = plan.outcomes;
  line.reason = decisions.empty() ? "" : decisions.front().reason();
  line.reply = plan.reply;
  line.size = message_.size();
  const std::chrono::duration<double> took = services_.clock.steady() - started_;
  line.seconds = took.count();
  line.signed_by = std::move(signed_by);
  line.copies = copies;
  report_message(line);
  report_abuse(plan, decisions);
}

// A customer's own virus or spam: somebody has his password, or his machine.
void Transaction::report_abuse(const decide::Plan& plan,
                               const std::vector<decide::Decision>& decisions) const {
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing == nullptr || outgoing->domain == nullptr || decisions.empty()) return;
  const decide::Decision& first = decisions.front();
  const auto& cap = outgoing->policy->relay.spam_score_limit;
  const bool is_spam =
      first.decider == decide::MailClass::spam && first.score && cap && *first.score >= *cap;
  const bool is_abuse = is_spam || first.decider == decide::MailClass::virus;
  if (plan.fate != Fate::reject || !is_abuse) return;
  const std::string what(decide::to_string(first.decider));
  metrics::count("postern_outgoing_abuse_total", {{"class", what}});
  log::warning("outgoing mail refused as abuse",
               {{"account", outgoing->account},
                {"class", what},
                {"client", client_.address ? client_.address->to_string() : "local"},
                {"id", id_}});
}

}  // namespace postern::session
