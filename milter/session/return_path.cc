// The envelope sender of a customer's mail and of mail that is forwarded, and what comes back to it:
// members elsewhere get their copy under an address of ours that stands for the sender, so that SPF holds;
// a bounce to that address goes to him whom it stands for.
#include <algorithm>

#include "base/bounce_address.h"
#include "base/log.h"
#include "base/text.h"
#include "decide/recipient.h"
#include "mail/domain_name.h"
#include "mail/organizational_domain.h"
#include "policy/resolve.h"
#include "policy/smarthost.h"
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

// The document in force decides, also about mail that stays among our own mailboxes: the envelope sender
// belongs to the whole transaction.
std::optional<mail::Reply> Transaction::settle_mail_from() {
  const auto* const outgoing = std::get_if<decide::Outgoing>(&direction_);
  if (outgoing == nullptr || outgoing->domain == nullptr || !sender_.address) return std::nullopt;
  const policy::MailFrom* found = snapshot_->mail_from(sender_.address->key());
  if (found == nullptr) found = snapshot_->mail_from(sender_.address->domain());
  if (found == nullptr || found->domain.empty()) return std::nullopt;
  const bool rejects = found->on_mx_failure == policy::OnMxFailure::reject;
  const std::string what = "the MAIL FROM domain " + found->domain + " ";
  switch (found->status) {
    case policy::MailFromStatus::success:
      take_mail_from(*found);
      return std::nullopt;
    case policy::MailFromStatus::pending:
    case policy::MailFromStatus::not_started:
    case policy::MailFromStatus::temporary_failure:
      if (rejects) return mail::Reply{451, "4.7.1", what + "is not verified yet"};
      break;
    case policy::MailFromStatus::failed:
      if (rejects) return mail::Reply{550, "5.7.1", what + "is not verified"};
      break;
  }
  if (explained_ != nullptr) {
    explained_->sender.add("MAIL FROM domain", "mailfrom:" + found->name,
                           what + "is not verified: the sender stays", decide::Effect::no_match);
  }
  return std::nullopt;
}

// Whether the sender's smarthost is of the same house as the host that takes the bounces: who carries the
// mail passes SPF for it, and knows what to do with what comes back.
bool Transaction::leaves_through(const std::string& mx_host) const {
  const policy::Smarthost* const smarthost = policy::find_smarthost(*snapshot_, sender_.address);
  if (smarthost == nullptr) return false;
  const auto host = mail::to_a_label(smarthost->host);
  return host && mail::is_aligned(*host, mx_host, false);
}

// Where its bounces would go to others, or nowhere, the sender stays: mail from an address that takes no
// bounces is mail that nobody is answerable for.
void Transaction::take_mail_from(const policy::MailFrom& mail_from) {
  const std::string sender = sender_.address->to_string();
  const auto& ours = rules_->bounce_hosts;
  std::string why_not;
  if (std::find(ours.begin(), ours.end(), mail_from.mx_host) == ours.end() &&
      !leaves_through(mail_from.mx_host)) {
    why_not = "its MX is no host of bounce.mx_hosts: bounces would not come back here";
  } else if (services_.token_keys.empty()) {
    why_not = "there are no keys in keys.token_file";
  } else {
    auto made =
        make_bounce_address(sender, mail_from.domain, services_.clock.wall(), services_.token_keys);
    if (made) {
      mail_from_ = std::move(*made);
    } else {
      why_not = made.error().what;
    }
  }
  if (explained_ != nullptr) {
    explained_->sender.add(
        "MAIL FROM domain", "mailfrom:" + mail_from.name,
        mail_from_ ? "leaves from " + *mail_from_ : "the sender stays: " + why_not,
        mail_from_ ? decide::Effect::applied : decide::Effect::unavailable);
  } else if (!mail_from_) {
    log::warning("a custom MAIL FROM domain is not used",
                 {{"id", id_}, {"sender", sender}, {"domain", mail_from.domain}, {"why", why_not}});
  }
}

std::string Transaction::leaving_sender(const decide::Delivery& delivery) const {
  if (mail_from_) return *mail_from_;
  if (delivery.is_forwarded) return *forwarding_sender_;
  return sender_.address ? sender_.address->to_string() : "";
}

// A sender who cannot be written within an address of ours stays: better a copy that fails SPF than none.
void Transaction::settle_forwarding_sender() {
  if (rules_->srs_domain.empty() || services_.token_keys.empty() || !sender_.address) return;
  if (mail_from_) return;  // the whole transaction leaves from an address of ours already
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
