// Carries out a plan in the one safe order: what must be kept is durable first, then the message is
// edited, then the sender gets the reply. Any failure before that is 451, and the sender keeps the
// mail.
#include <algorithm>
#include <set>

#include "mail/subject.h"
#include "session/alias_recipients.h"
#include "session/authentication_results.h"
#include "session/own_headers.h"
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

int duration_of(const policy::Policy& policy, decide::Purpose purpose) {
  switch (purpose) {
    case decide::Purpose::quarantine:
      return policy.quarantine_props.duration_days;
    case decide::Purpose::retention:
      return policy.retention_props.duration_days;
    case decide::Purpose::archive:
      return policy.archive_props.duration_months;
  }
  return 0;
}

// Two spellings of one mailbox are kept once.
std::vector<ports::VaultCopy> recipient_copies(const decide::Plan& plan,
                                               const std::vector<AcceptedRecipient>& recipients,
                                               const std::vector<decide::Decision>& decisions) {
  std::vector<ports::VaultCopy> copies;
  std::set<std::pair<std::string, decide::Purpose>> seen;
  for (const decide::PlannedCopy& planned : plan.copies) {
    const auto& rules = recipients[planned.recipient].rules;
    const decide::Decision& decision = decisions[planned.recipient];
    if (!rules || !seen.insert({rules->canonical.key(), planned.purpose}).second) continue;
    copies.push_back({rules->canonical.to_string(), rules->domain->name, planned.purpose,
                      decision.decider, decision.reason(),
                      duration_of(*rules->policy, planned.purpose)});
  }
  return copies;
}

// What somebody sent is kept for the sender, once, if it was accepted.
std::vector<ports::VaultCopy> sent_copies(const decide::Outgoing& outgoing,
                                          const mail::Sender& sender) {
  std::vector<ports::VaultCopy> copies;
  if (outgoing.policy == nullptr) return copies;
  const std::string mailbox = sender.address
                                  ? sender.address->in_domain(outgoing.domain->name).to_string()
                                  : "postmaster@" + outgoing.domain->name;
  const auto keep = [&](decide::Purpose purpose) {
    copies.push_back({mailbox, outgoing.domain->name, purpose, decide::MailClass::clean, "sent",
                      duration_of(*outgoing.policy, purpose)});
  };
  if (outgoing.policy->retention_props.store_mail_out) keep(decide::Purpose::retention);
  if (outgoing.policy->archive_props.store_mail_out) keep(decide::Purpose::archive);
  return copies;
}

}  // namespace

std::vector<ports::VaultCopy> Transaction::copies_to_keep(
    const decide::Plan& plan, const std::vector<decide::Decision>& decisions) const {
  auto copies = recipient_copies(plan, recipients_, decisions);
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  const bool accepted = plan.fate == Fate::deliver || plan.fate == Fate::discard;
  if (outgoing != nullptr && accepted) {
    auto sent = sent_copies(*outgoing, sender_);
    std::move(sent.begin(), sent.end(), std::back_inserter(copies));
  }
  return copies;
}

Status Transaction::store(std::vector<ports::VaultCopy> copies, std::string_view queue_id) {
  if (copies.empty()) return success();
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
  stored.copies = std::move(copies);
  return services_.vault->store(stored);
}

Status Transaction::edit(const decide::Plan& plan, const std::vector<decide::Decision>& decisions,
                         MessageEditor& editor) {
  const bool incoming = std::holds_alternative<decide::Incoming>(direction_);
  if (Status done = remove_forged_headers(message_, rules_->id_headers, authserv_id(),
                                          incoming && plan.would.empty(), editor);
      !done) {
    return done;
  }
  if (Status done = add_id_headers(id_, rules_->id_headers, editor); !done) return done;
  if (!plan.would.empty()) {
    if (Status done = editor.insert_header("X-Postern-Would", " " + header_text(plan.would));
        !done) {
      return done;
    }
  } else {
    if (incoming) {
      if (Status done = add_findings(decisions.front(), editor); !done) return done;
    }
    if (Status done = mark(plan, editor); !done) return done;
  }
  return deliver_to_canonical_addresses(recipients_, editor);
}

// What was found out, as the recipients' mail programs read it.
Status Transaction::add_findings(const decide::Decision& decision, MessageEditor& editor) {
  const policy::Policy& policy = *recipients_.front().rules->policy;
  if (Status done = add_spam_headers(decision, policy, editor); !done) return done;
  return add_authentication_results(editor);
}

// What the policy asks to be put on it.
Status Transaction::mark(const decide::Plan& plan, MessageEditor& editor) {
  if (plan.added_header) {
    const auto& [name, value] = *plan.added_header;
    if (Status done = editor.add_header(name, " " + value); !done) return done;
  }
  if (plan.subject_prefix.empty()) return success();
  return prefix_subject(message_, plan.subject_prefix, editor);
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

Result<std::vector<std::string>> Transaction::sign(MessageEditor& editor) {
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  const bool leaves_us =
      std::any_of(recipients_.begin(), recipients_.end(),
                  [](const AcceptedRecipient& recipient) { return !recipient.rules; });
  if (outgoing == nullptr || !leaves_us || !may_be_signed_ || services_.signer == nullptr) {
    return std::vector<std::string>();
  }
  return sign_message(message_, *snapshot_, *outgoing, *services_.signer, *rules_, editor);
}

Verdict Transaction::carry_out(const decide::Plan& plan,
                               const std::vector<decide::Decision>& decisions,
                               std::string_view queue_id, MessageEditor& editor) {
  auto copies = copies_to_keep(plan, decisions);
  const std::size_t kept = copies.size();
  if (explained_ != nullptr) {
    explain(plan, decisions, copies);
  } else if (Status stored = store(std::move(copies), queue_id); !stored) {
    return refuse_message(queue_id, fault_reply(), "not stored: " + stored.error().what);
  }
  std::vector<std::string> signed_by;
  if (plan.fate == Fate::deliver) {
    if (Status edited = edit(plan, decisions, editor); !edited) {
      return refuse_message(queue_id, fault_reply(), "not edited: " + edited.error().what);
    }
    auto signatures = sign(editor);
    if (!signatures) {
      const Error& error = signatures.error();
      return refuse_message(
          queue_id, error.permanence == Permanence::temporary ? fault_reply() : unsignable_reply(),
          "not signed: " + error.what);
    }
    signed_by = std::move(*signatures);
  }
  if (explained_ != nullptr) {
    explained_->signed_by = std::move(signed_by);
  } else {
    if (plan.fate == Fate::deliver) tell_of_newcomers(decisions);
    report(plan, decisions, queue_id, kept, std::move(signed_by));
  }
  return verdict_of(plan);
}

// Never of spam, and never of a bounce: whoever guesses addresses must not create them.
void Transaction::tell_of_newcomers(const std::vector<decide::Decision>& decisions) const {
  if (services_.provisioning == nullptr || !sender_.address) return;
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    const auto& rules = recipients_[i].rules;
    const bool is_newcomer = rules && !rules->is_known() && !rules->through_catchall &&
                             rules->domain->auto_provisioning && rules->platform != nullptr;
    const bool is_observed = !decisions[i].would.empty();
    if (!is_newcomer || is_observed || decisions[i].is(decide::MailClass::spam)) continue;
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
  for (const auto& recipient : recipients_) line.recipients.push_back(recipient.envelope.given);
  line.decisions = decisions;
  line.reason = decisions.empty() ? "" : decisions.front().reason();
  line.reply = plan.reply;
  line.size = message_.size();
  const std::chrono::duration<double> took = services_.clock.steady() - started_;
  line.seconds = took.count();
  line.signed_by = std::move(signed_by);
  line.copies = copies;
  report_message(line);
}

}  // namespace postern::session
