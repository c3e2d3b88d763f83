// What a transaction notes for the one who asks why; see explained.h.
#include "session/transaction.h"

namespace postern::session {

void Transaction::explain_direction() const {
  explained_->direction = to_string(direction_);
  explained_->generation = snapshot_->generation();
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing == nullptr) return;
  std::string by = "mail of this machine";
  if (outgoing->client) by = "outgoingSubnets contain " + outgoing->client->to_string();
  if (!outgoing->provider.empty()) by = "proven to be a tenant of provider " + outgoing->provider;
  if (!outgoing->login.empty()) by = "logged in as " + outgoing->login;
  explained_->sender.add("direction", outgoing->policy_source, std::move(by),
                         decide::Effect::applied);
}

void Transaction::note_refusal(std::string_view given, const mail::Reply& reply) const {
  auto& recipients = explained_->recipients;
  if (recipients.empty() || recipients.back().given != given || recipients.back().refused) {
    recipients.emplace_back();
    recipients.back().given = given;
  }
  // Of a group, all members that it would have been.
  auto one = recipients.rbegin();
  while (one != recipients.rend() && one->given == given && !one->refused) {
    one->refused = reply;
    ++one;
  }
}

// SPF, DKIM and DMARC are asked once for all: what was not asked stands with the message.
void Transaction::explain_authentication() const {
  const auto note = [this](const char* what, bool was_asked) {
    if (was_asked) return;
    explained_->sender.add(what, "", "no rule that names this sender depends on it",
                           decide::Effect::not_looked_at);
  };
  note("SPF", !std::holds_alternative<decide::NotNeeded>(evidence_.spf));
  note("DKIM", !std::holds_alternative<decide::NotNeeded>(evidence_.dkim));
  note("DMARC", !std::holds_alternative<decide::NotNeeded>(evidence_.dmarc));
}

void Transaction::explain(const decide::Plan& plan, const std::vector<decide::Decision>& decisions,
                          const std::vector<ports::VaultCopy>& copies) const {
  explain_authentication();
  explained_->evidence = evidence_;
  explained_->reply = plan.reply;
  explained_->outcome = outcome_of(plan);
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    if (recipients_[i].explained == nullptr) continue;
    recipients_[i].explained->decision = decisions[i];
    recipients_[i].explained->outcome = to_string(plan.outcomes[i]);
  }
  for (const ports::VaultCopy& copy : copies) {
    explained_->copies.push_back({copy.recipient, std::string(to_string(copy.purpose)),
                                  std::string(decide::to_string(copy.mail_class)), copy.mailbox});
  }
}

void Transaction::explain_copy(const ports::OutboxCopy& copy) const {
  ExplainedLeaving leaving;
  for (const auto& recipient : copy.recipients) leaving.recipients.push_back(recipient.address);
  leaving.sender = copy.sender;
  leaving.header = copy.header;
  explained_->leaving.push_back(std::move(leaving));
}

}  // namespace postern::session
