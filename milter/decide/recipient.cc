#include "decide/recipient.h"

#include "base/text.h"
#include "base/units.h"

namespace postern::decide {
namespace {

using policy::DomainStatus;
using policy::UserStatus;

constexpr std::size_t kLongestEcho = 200;

std::string quoted(const mail::Recipient& recipient) {
  return "<" + printable(recipient.address.to_string(), kLongestEcho) + ">: ";
}

std::optional<mail::Reply> refuse_domain_status(DomainStatus status, const std::string& who) {
  switch (status) {
    case DomainStatus::enabled:
      return std::nullopt;
    case DomainStatus::disabled:
      return mail::Reply{550, "5.2.1", who + "domain is disabled"};
    case DomainStatus::pending:
      return mail::Reply{451, "4.3.0", who + "domain is not yet active"};
    case DomainStatus::deleted:
      return mail::Reply{554, "5.7.1", who + "relay access denied"};
  }
  return std::nullopt;
}

std::optional<mail::Reply> refuse_user(const policy::User& user, const std::string& who) {
  if (auto refusal = refuse_domain_status(user.domain_status, who)) return refusal;
  switch (user.status) {
    case UserStatus::enabled:
    case UserStatus::pending:  // only the account in the admin interface is pending
      return std::nullopt;
    case UserStatus::disabled:
      return mail::Reply{550, "5.2.1", who + "mailbox is disabled"};
  }
  return std::nullopt;
}

// The services of a domain as OpenSRS switches them.
std::optional<mail::Reply> refuse_service(const policy::OpensrsDomain* opensrs,
                                          const std::string& who) {
  if (opensrs == nullptr) return std::nullopt;
  switch (opensrs->smtp_in) {
    case policy::ServiceState::enabled:
      return std::nullopt;
    case policy::ServiceState::disabled:
      return mail::Reply{550, "5.2.1", who + "mailbox does not receive mail"};
    case policy::ServiceState::suspended:
      return mail::Reply{450, "4.2.1", who + "mailbox is suspended"};
  }
  return std::nullopt;
}

// Who is not there, or has nobody to deliver for him: no observation changes that.
std::optional<mail::Reply> refuse_unserved(const policy::RecipientPolicy& rules,
                                           const std::string& who) {
  if (rules.group != nullptr && rules.group->members.empty()) {
    return mail::Reply{550, "5.1.1", who + "nobody is in this group"};
  }
  if (!rules.is_known() && rules.domain->recipients_known) {
    return mail::Reply{550, "5.1.1", who + "no such user"};
  }
  if (rules.platform == nullptr) {
    return mail::Reply{550, "5.1.1", who + "no platform delivers for this address"};
  }
  return std::nullopt;
}

// What the rules of the mailbox say against it, in the order of the semantics.
std::optional<mail::Reply> refuse_by_rules(const policy::RecipientPolicy& rules,
                                           std::optional<std::uint64_t> declared_size,
                                           const std::string& who) {
  if (rules.user != nullptr) {
    if (auto refusal = refuse_user(*rules.user, who)) return refusal;
  }
  if (auto refusal = refuse_service(rules.opensrs, who)) return refusal;
  if (!rules.policy->incoming) {
    return mail::Reply{550, "5.7.1", who + "incoming service not enabled"};
  }
  if (declared_size) return refuse_size(*rules.policy, *declared_size);
  return std::nullopt;
}

RecipientVerdict refused(mail::Reply reply, const std::string& source, Explanation* why) {
  if (why != nullptr) why->add("RCPT", source, reply.to_string(), Effect::applied);
  return reply;
}

}  // namespace

std::optional<mail::Reply> refuse_size(const policy::Policy& policy, std::uint64_t size) {
  if (!policy.mail_size_limit || size <= *policy.mail_size_limit) return std::nullopt;
  return mail::Reply{552, "5.3.4",
                     "message is larger than " + format_size(*policy.mail_size_limit)};
}

RecipientVerdict judge_recipient(const policy::Snapshot& snapshot, const mail::Recipient& recipient,
                                 std::optional<std::uint64_t> declared_size,
                                 std::string_view recipient_delimiters, Explanation* why) {
  const std::string who = quoted(recipient);
  const mail::Reply not_ours{554, "5.7.1", who + "relay access denied"};
  // Before the rules: a disabled domain or mailbox answers for itself even where its documents dangle.
  const policy::Domain* const domain = snapshot.domain_or_alias(recipient.address.domain());
  if (domain == nullptr) return refused(not_ours, "", why);
  const std::string source = "domain:" + domain->name;
  if (auto refusal = refuse_domain_status(domain->status, who)) {
    return refused(std::move(*refusal), source, why);
  }
  const bool is_observed = domain->enforcement == policy::Enforcement::observe;
  const policy::User* const user =
      policy::find_user(snapshot, *domain, recipient.address, recipient_delimiters);
  if (user != nullptr && !is_observed) {
    if (auto refusal = refuse_user(*user, who)) {
      return refused(std::move(*refusal), "user:" + user->email, why);
    }
  }

  const policy::Resolved resolved =
      policy::resolve(snapshot, recipient.address, recipient_delimiters);
  if (std::holds_alternative<policy::UnknownDomain>(resolved)) {
    return refused(not_ours, source, why);
  }
  if (const auto* const dangling = std::get_if<policy::Dangling>(&resolved)) {
    if (why != nullptr) why->add("RCPT", source, dangling->what, Effect::unavailable);
    return mail::Reply{451, "4.3.0", who + "the rules for this recipient are incomplete"};
  }
  const auto& rules = std::get<policy::RecipientPolicy>(resolved);
  if (auto refusal = refuse_unserved(rules, who)) {
    return refused(std::move(*refusal), rules.policy_source, why);
  }
  auto refusal = refuse_by_rules(rules, declared_size, who);
  if (refusal && !is_observed) return refused(std::move(*refusal), rules.policy_source, why);
  if (why != nullptr) {
    why->add("RCPT", rules.policy_source,
             refusal ? "would be " + refusal->to_string() : "the mailbox receives mail",
             Effect::no_match);
  }
  return Served{rules, std::move(refusal)};
}

}  // namespace postern::decide
