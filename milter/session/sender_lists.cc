// The sender as the recipients see it: their lists, and whether the address exists. At RCPT by what is
// known then, at end of message with the header From and what SPF, DKIM and DMARC said.
#include "base/text.h"
#include "decide/class_rules.h"
#include "session/transaction.h"

namespace postern::session {
namespace {

constexpr std::size_t kLongestEcho = 200;

// What is kept has to be accepted first: the refusal waits for the end of the message.
bool is_kept(const policy::Policy& policy, decide::MailClass mail_class) {
  const decide::ClassRule rule = decide::rule_of(policy, mail_class, 0);
  return rule.store || rule.archive;
}

}  // namespace

bool Transaction::client_may_send_for(const std::string& domain) const {
  const policy::Domain* const owner = snapshot_->domain_or_alias(domain);
  if (owner == nullptr) return false;
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing != nullptr && outgoing->domain == owner) return true;
  return origin_.address && snapshot_->is_client_of(*origin_.address, owner->name);
}

decide::SenderQuestion Transaction::sender_question(const policy::RecipientPolicy& rules) const {
  return {rules,
          sender_,
          from_ ? &*from_ : nullptr,
          origin_.address,
          [this](const std::string& domain) { return client_may_send_for(domain); },
          vouched_ ? &*vouched_ : std::get_if<decide::SpfVerdict>(&evidence_.spf),
          std::get_if<decide::DkimVerdict>(&evidence_.dkim),
          std::get_if<decide::DmarcVerdict>(&evidence_.dmarc),
          services_.clock.wall()};
}

decide::SenderListing Transaction::listing_for(const policy::RecipientPolicy& rules,
                                               decide::Explanation* why) const {
  return decide::judge_sender_rules(sender_question(rules), why);
}

AuthenticationWants Transaction::authentication_wants() const {
  AuthenticationWants wants;
  const bool is_incoming = std::holds_alternative<decide::Incoming>(direction_);
  if (is_incoming && rules_->authenticates_always) return {true, true, true};
  const AcceptedRecipient* first = nullptr;
  for (const AcceptedRecipient& recipient : recipients_) {
    if (!recipient.rules) continue;
    if (first != nullptr && is_judged_like(recipient, *first)) continue;
    first = &recipient;
    const decide::SenderNeeds needs = decide::sender_rules_need(sender_question(*recipient.rules));
    wants.spf |= needs.spf && is_incoming;
    wants.dkim |= needs.dkim;
    wants.dmarc |= needs.dmarc;
    const decide::SenderListing listing = listing_for(*recipient.rules, nullptr);
    const bool is_spared =
        listing.verdict != decide::SenderListing::Verdict::none && !listing.may_change;
    wants.dmarc |= is_incoming && rules_->decide.dmarc_is_enforced && !is_spared;
  }
  return wants;
}

bool Transaction::sender_is_verified(const policy::RecipientPolicy& rules) const {
  if (services_.sender_verifier == nullptr || !sender_.address) return false;
  if (!std::holds_alternative<decide::Incoming>(direction_)) return false;
  if (!rules.domain->sender_verify) return false;
  if (rules.user != nullptr && !rules.user->sender_verify) return false;
  // Our own addresses are known without asking anybody.
  return snapshot_->domain_or_alias(sender_.address->domain()) == nullptr;
}

void Transaction::verify_sender() {
  if (!std::holds_alternative<decide::NotNeeded>(evidence_.sender)) return;
  evidence_.sender = services_.sender_verifier->verify(
      *sender_.address, Deadline::after(rules_->sender_verify_timeout));
}

// What can be said at RCPT already, by the envelope sender alone. A header From that some list allows
// could still turn it: then it waits.
std::optional<mail::Reply> Transaction::refuse_by_sender(AcceptedRecipient& recipient) {
  using Listed = decide::SenderListing::Verdict;
  const policy::RecipientPolicy& rules = *recipient.rules;
  recipient.listing = listing_for(rules, nullptr);
  const std::string who =
      "<" + printable(sender_.address ? sender_.address->to_string() : "", kLongestEcho) + ">: ";
  const bool is_blocked = recipient.listing.verdict == Listed::blocked;
  if (is_blocked && !recipient.listing.may_change &&
      !is_kept(*rules.policy, decide::MailClass::blacklisted)) {
    if (recipient.why() != nullptr) listing_for(rules, recipient.why());
    return mail::Reply{550, "5.7.1", who + "sender blocked by recipient policy"};
  }
  const bool is_listed = recipient.listing.verdict != Listed::none || recipient.listing.may_change;
  if (is_listed || !sender_is_verified(rules)) return std::nullopt;
  verify_sender();
  const auto* const standing = std::get_if<decide::SenderStanding>(&evidence_.sender);
  if (standing == nullptr || standing->verdict != decide::SenderStanding::Verdict::does_not_exist ||
      is_kept(*rules.policy, decide::MailClass::sender_verify)) {
    return std::nullopt;
  }
  if (recipient.why() != nullptr) {
    recipient.why()->add("senderVerifyOn", rules.policy_source, standing->why,
                         decide::Effect::applied);
  }
  return mail::Reply{550, "5.1.7", who + "sender address does not exist"};
}

}  // namespace postern::session
