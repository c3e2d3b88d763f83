// The envelope sender of mail that is forwarded, and what comes back to it: members elsewhere get their copy
// under an address of ours that stands for the sender, so that SPF holds; a bounce to that address goes
// to him whom it stands for.
#include "base/bounce_address.h"
#include "base/log.h"
#include "base/text.h"
#include "decide/recipient.h"
#include "session/transaction.h"

namespace postern::session {
namespace {

constexpr std::size_t kLongestEcho = 200;

}  // namespace

Transaction::Accepted Transaction::judge_return(AcceptedRecipient accepted,
                                                const policy::ReturnAddress& address) {
  const std::string who =
      "<" + printable(accepted.envelope.address.to_string(), kLongestEcho) + ">: ";
  const auto say = [&accepted](std::string finding, decide::Effect effect) {
    if (decide::Explanation* const why = accepted.why()) {
      why->add("return address", "", std::move(finding), effect);
    }
  };
  const auto refuse = [&](const char* what) -> Accepted {
    say(what, decide::Effect::applied);
    return mail::Reply{550, "5.1.1", who + what};
  };
  switch (address.verdict) {
    case policy::ReturnVerdict::valid:
      break;
    case policy::ReturnVerdict::expired:
      return refuse("this address is no longer good");
    case policy::ReturnVerdict::forged:
      return refuse("no such address");
    case policy::ReturnVerdict::no_keys:
      say("there are no keys to read it with", decide::Effect::unavailable);
      return mail::Reply{451, "4.3.0", who + "cannot be told at the moment"};
  }
  // Whoever was forwarded a message could write to its sender past everybody's rules otherwise.
  if (!sender_.is_null) return refuse("this address takes only bounces");
  const mail::Address& sender = *address.sender;
  say("stands for <" + sender.to_string() + ">", decide::Effect::applied);
  accepted.is_member = true;
  if (accepted.explained != nullptr) accepted.explained->canonical = sender.to_string();
  const policy::Domain* const domain = snapshot_->domain_or_alias(sender.domain());
  if (domain == nullptr || domain->status == policy::DomainStatus::deleted) {
    accepted.elsewhere = sender;
    return std::vector{std::move(accepted)};
  }
  mail::Recipient mailbox = accepted.envelope;
  mailbox.address = sender;
  auto verdict = decide::judge_recipient(*snapshot_, mailbox, sender_.declared_size,
                                         rules_->recipient_delimiters, accepted.why());
  if (auto* const reply = std::get_if<mail::Reply>(&verdict)) return std::move(*reply);
  auto& served = std::get<decide::Served>(verdict);
  accepted.would_refuse = std::move(served.would_refuse);
  accepted.rules = std::move(served.rules);
  if (accepted.explained != nullptr) {
    accepted.explained->canonical = accepted.rules->canonical.to_string();
    accepted.explained->policy_source = accepted.rules->policy_source;
  }
  if (accepted.rules->group != nullptr) {
    accepted.is_member = false;  // as if it had been sent to the group itself
    return expand(accepted);
  }
  return std::vector{std::move(accepted)};
}

// A sender who cannot be written within an address of ours stays: better a copy that fails SPF than none.
void Transaction::settle_forwarding_sender() {
  if (rules_->srs_domain.empty() || services_.token_keys.empty() || !sender_.address) return;
  const bool anybody_elsewhere = std::any_of(
      recipients_.begin(), recipients_.end(),
      [](const AcceptedRecipient& recipient) { return recipient.rules && recipient.elsewhere; });
  if (!anybody_elsewhere) return;
  const std::string sender = sender_.address->to_string();
  const auto made =
      make_srs_address(sender, rules_->srs_domain, services_.clock.wall(), services_.token_keys);
  if (!made) {
    if (explained_ != nullptr) {
      explained_->sender.add("srs.domain", "", "the sender stays: " + made.error().what,
                             decide::Effect::unavailable);
    } else {
      log::warning("forwarded under its own sender",
                   {{"id", id_}, {"sender", sender}, {"why", made.error().what}});
    }
    return;
  }
  if (*made != sender) forwarding_sender_ = *made;
}

bool Transaction::is_forwarded(const AcceptedRecipient& recipient) const {
  return forwarding_sender_ && recipient.rules && recipient.elsewhere;
}

}  // namespace postern::session
