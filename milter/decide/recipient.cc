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

// Everything that speaks against a recipient whose rules are known, in the order of the semantics.
std::optional<mail::Reply> refuse_resolved(const policy::RecipientPolicy& rules,
                                           std::optional<std::uint64_t> declared_size,
                                           const std::string& who) {
  if (rules.user == nullptr && rules.domain->recipients_known) {
    return mail::Reply{550, "5.1.1", who + "no such user"};
  }
  if (!rules.policy->incoming) {
    return mail::Reply{550, "5.7.1", who + "incoming service not enabled"};
  }
  if (declared_size) {
    if (auto refusal = refuse_size(*rules.policy, *declared_size)) return refusal;
  }
  if (rules.platform == nullptr) {
    return mail::Reply{550, "5.1.1", who + "no platform delivers for this address"};
  }
  return std::nullopt;
}

}  // namespace

std::optional<mail::Reply> refuse_size(const policy::Policy& policy, std::uint64_t size) {
  if (!policy.mail_size_limit || size <= *policy.mail_size_limit) return std::nullopt;
  return mail::Reply{552, "5.3.4",
                     "message is larger than " + format_size(*policy.mail_size_limit)};
}

RecipientVerdict judge_recipient(const policy::Snapshot& snapshot, const mail::Recipient& recipient,
                                 std::optional<std::uint64_t> declared_size,
                                 std::string_view recipient_delimiters) {
  const std::string who = quoted(recipient);
  // Before the rules: a disabled domain or mailbox answers for itself even where its documents dangle.
  const policy::Domain* const domain = snapshot.domain_or_alias(recipient.address.domain());
  if (domain == nullptr) return mail::Reply{554, "5.7.1", who + "relay access denied"};
  if (auto refusal = refuse_domain_status(domain->status, who)) return *refusal;

  const policy::User* const user =
      policy::find_user(snapshot, *domain, recipient.address, recipient_delimiters);
  if (user != nullptr) {
    if (auto refusal = refuse_user(*user, who)) return *refusal;
  }

  const policy::Resolved resolved =
      policy::resolve(snapshot, recipient.address, recipient_delimiters);
  if (std::holds_alternative<policy::UnknownDomain>(resolved)) {
    return mail::Reply{554, "5.7.1", who + "relay access denied"};
  }
  if (std::holds_alternative<policy::Dangling>(resolved)) {
    return mail::Reply{451, "4.3.0", who + "the rules for this recipient are incomplete"};
  }
  const auto& rules = std::get<policy::RecipientPolicy>(resolved);
  if (auto refusal = refuse_resolved(rules, declared_size, who)) return *refusal;
  return rules;
}

}  // namespace postern::decide
