#include "decide/sender.h"

#include "policy/resolve.h"

namespace postern::decide {
namespace {

using policy::DomainStatus;
using policy::UserStatus;

mail::Reply not_own(std::string_view what) {
  return {553, "5.7.1", std::string(what) + " does not belong to this client"};
}

std::optional<mail::Reply> refuse_sending_domain(const policy::Domain& domain) {
  switch (domain.status) {
    case DomainStatus::enabled:
      return std::nullopt;
    case DomainStatus::disabled:
      return mail::Reply{550, "5.7.1", "sender domain is disabled"};
    case DomainStatus::pending:
      return mail::Reply{550, "5.7.1", "sender domain is not yet active"};
    case DomainStatus::deleted:
      return mail::Reply{554, "5.7.1", "relay access denied"};
  }
  return std::nullopt;
}

std::optional<mail::Reply> refuse_service(const policy::OpensrsDomain* opensrs, bool is_webmail) {
  if (opensrs == nullptr) return std::nullopt;
  switch (is_webmail ? opensrs->smtp_relay_webmail : opensrs->smtp_relay) {
    case policy::ServiceState::enabled:
      return std::nullopt;
    case policy::ServiceState::disabled:
      return mail::Reply{550, "5.7.1", "outgoing service not enabled"};
    case policy::ServiceState::suspended:
      return mail::Reply{550, "5.7.1", "sending suspended"};
  }
  return std::nullopt;
}

// The rules of one sender address, or why it may not send. `address` belongs to a domain of ours.
std::variant<Outgoing, mail::Reply> admit(const policy::Snapshot& snapshot,
                                          const mail::Address& address, std::string_view delimiters,
                                          bool is_webmail) {
  const policy::Domain* const domain = snapshot.domain_or_alias(address.domain());
  if (domain == nullptr) return not_own("sender address");
  if (auto refusal = refuse_sending_domain(*domain)) return *refusal;
  const policy::Resolved resolved = policy::resolve_sender(snapshot, address, delimiters);
  if (std::holds_alternative<policy::UnknownDomain>(resolved)) return not_own("sender address");
  if (std::holds_alternative<policy::Dangling>(resolved)) {
    return mail::Reply{451, "4.3.0", "the rules for this sender are incomplete"};
  }
  const auto& rules = std::get<policy::RecipientPolicy>(resolved);
  if (rules.user != nullptr && (rules.user->status == UserStatus::disabled ||
                                rules.user->domain_status != DomainStatus::enabled)) {
    return mail::Reply{550, "5.7.1", "sender account is disabled"};
  }
  // A switch of the whole domain: no rules of a user's own are a way round it.
  if (auto refusal = refuse_service(rules.opensrs, is_webmail)) return *refusal;
  if (!rules.policy->outgoing) {
    return mail::Reply{550, "5.7.1", "outgoing service not enabled"};
  }
  Outgoing outgoing;
  outgoing.domain = rules.domain;
  outgoing.policy = rules.policy;
  outgoing.policy_source = rules.policy_source;
  outgoing.account = rules.user != nullptr ? rules.user->email : rules.domain->name;
  return outgoing;
}

// A login must be an address of a domain we serve, and may send as any address of that domain.
SenderVerdict judge_login(const policy::Snapshot& snapshot, const SenderClaim& claim) {
  const auto login = mail::Address::parse(claim.sasl_user);
  const policy::Domain* const login_domain =
      login ? snapshot.domain_or_alias(login->domain()) : nullptr;
  if (login_domain == nullptr) return not_own("sender address");
  auto by_login = admit(snapshot, *login, claim.recipient_delimiters, claim.is_webmail);
  if (std::holds_alternative<mail::Reply>(by_login)) return std::get<mail::Reply>(by_login);
  std::string account = std::get<Outgoing>(by_login).account;
  // One account, however its name is spelled and whichever alias domain it is written in.
  if (account == login_domain->name) account = login->in_domain(login_domain->name).key();
  if (!claim.sender.is_null) {
    if (!claim.sender.address) return not_own("sender address");
    if (snapshot.domain_or_alias(claim.sender.address->domain()) != login_domain) {
      return not_own("sender address");
    }
    auto by_sender =
        admit(snapshot, *claim.sender.address, claim.recipient_delimiters, claim.is_webmail);
    if (std::holds_alternative<mail::Reply>(by_sender)) return std::get<mail::Reply>(by_sender);
    by_login = by_sender;
  }
  auto outgoing = std::get<Outgoing>(by_login);
  outgoing.login = claim.sasl_user;
  outgoing.account = std::move(account);
  return outgoing;
}

SenderVerdict judge_network(const policy::Snapshot& snapshot, const SenderClaim& claim) {
  Outgoing outgoing;
  if (!claim.sender.is_null) {
    if (!claim.sender.address) return not_own("sender address");
    const policy::Domain* const domain = snapshot.domain_or_alias(claim.sender.address->domain());
    if (domain == nullptr || !snapshot.is_client_of(*claim.client, domain->name)) {
      return not_own("sender address");
    }
    auto admitted =
        admit(snapshot, *claim.sender.address, claim.recipient_delimiters, claim.is_webmail);
    if (std::holds_alternative<mail::Reply>(admitted)) return std::get<mail::Reply>(admitted);
    outgoing = std::move(std::get<Outgoing>(admitted));
  }
  outgoing.client = claim.client;
  outgoing.is_webmail = claim.is_webmail;
  return outgoing;
}

// Mail of this machine goes anywhere, but never in a customer's name: no local process is a way round
// the customers' policies.
SenderVerdict judge_local(const policy::Snapshot& snapshot, const mail::Sender& sender) {
  const bool is_customers =
      sender.address && snapshot.domain_or_alias(sender.address->domain()) != nullptr;
  if (is_customers) return Incoming{};
  Outgoing outgoing;
  outgoing.is_local = true;
  return outgoing;
}

}  // namespace

SenderVerdict judge_sender(const policy::Snapshot& snapshot, const SenderClaim& claim) {
  if (!claim.sasl_user.empty()) return judge_login(snapshot, claim);
  if (!claim.client) return judge_local(snapshot, claim.sender);
  if (!snapshot.is_client_of_any(*claim.client)) return Incoming{};
  return judge_network(snapshot, claim);
}

std::variant<Outgoing, mail::Reply> judge_tenant(const policy::Snapshot& snapshot,
                                                 const mail::Address& sender,
                                                 const IpAddress& client, std::string_view provider,
                                                 std::string_view recipient_delimiters) {
  auto admitted = admit(snapshot, sender, recipient_delimiters, false);
  if (auto* const outgoing = std::get_if<Outgoing>(&admitted)) {
    outgoing->client = client;
    outgoing->provider = provider;
  }
  return admitted;
}

std::variant<Authorship, mail::Reply> judge_author(const policy::Snapshot& snapshot,
                                                   const Outgoing& outgoing,
                                                   const mail::HeaderFrom& from,
                                                   std::string_view recipient_delimiters) {
  const mail::Reply foreign{550, "5.7.1", "header From does not belong to this sender"};
  const auto domain_of = [&snapshot](const mail::Address& author) {
    return snapshot.domain_or_alias(author.domain());
  };
  const bool owner_is_known = outgoing.domain != nullptr || outgoing.is_local;
  for (const mail::Address& author : from.addresses) {
    const policy::Domain* const domain = domain_of(author);
    const bool is_anothers = domain != nullptr && domain != outgoing.domain;
    if (is_anothers && owner_is_known) return foreign;
  }
  const mail::Address* const author = from.single();
  const policy::Domain* const domain = author == nullptr ? nullptr : domain_of(*author);
  if (owner_is_known) return Authorship{outgoing, domain != nullptr};

  // A null sender from a customer's network: the one author has to be that customer's.
  if (domain == nullptr || !outgoing.client ||
      !snapshot.is_client_of(*outgoing.client, domain->name)) {
    return foreign;
  }
  auto admitted = admit(snapshot, *author, recipient_delimiters, outgoing.is_webmail);
  if (const auto* const reply = std::get_if<mail::Reply>(&admitted)) return *reply;
  auto owner = std::get<Outgoing>(std::move(admitted));
  owner.client = outgoing.client;
  return Authorship{std::move(owner), true};
}

}  // namespace postern::decide
