#include "policy/resolve.h"

#include <algorithm>

namespace postern::policy {
namespace {

// A rule set or a relay, and the document it came from; `part` nullptr: there is none.
template <typename T>
struct Found {
  const T* part = nullptr;
  std::string source;
};

template <typename T>
using FoundOrDangling = std::variant<Found<T>, Dangling>;

Dangling unresolved(const std::string& document, std::string_view member, const Id& id) {
  return Dangling{document + ": " + std::string(member) + " " + id + " does not resolve"};
}

FoundOrDangling<Policy> policy_by_id(const Snapshot& snapshot, const Domain& domain, const Id& id,
                                     const std::string& named_by) {
  if (const Policy* policy = snapshot.policy(id)) return Found<Policy>{policy, "policy:" + id};
  // An id may also name what the domain document carries itself.
  if (domain.policy && domain.policy->id == id) {
    return Found<Policy>{domain.policy.get(), "domain:" + domain.name};
  }
  return unresolved(named_by, "policyId", id);
}

FoundOrDangling<Platform> platform_by_id(const Snapshot& snapshot, const Domain& domain,
                                         const Id& id, const std::string& named_by) {
  if (const Platform* platform = snapshot.platform(id)) {
    return Found<Platform>{platform, "platform:" + id};
  }
  const auto own = std::find_if(domain.platforms.begin(), domain.platforms.end(),
                                [&id](const auto& platform) { return platform->id == id; });
  if (own != domain.platforms.end()) return Found<Platform>{own->get(), "domain:" + domain.name};
  return unresolved(named_by, "platformId", id);
}

FoundOrDangling<Policy> policy_for(const Snapshot& snapshot, const Domain& domain,
                                   const User* user) {
  if (user != nullptr) {
    const std::string document = "user:" + user->email;
    if (user->policy) return Found<Policy>{user->policy.get(), document};
    if (user->policy_id) return policy_by_id(snapshot, domain, *user->policy_id, document);
  }
  const std::string document = "domain:" + domain.name;
  if (domain.policy) return Found<Policy>{domain.policy.get(), document};
  if (domain.policy_id) return policy_by_id(snapshot, domain, *domain.policy_id, document);
  return Dangling{document + " has no policy"};
}

FoundOrDangling<Platform> platform_for(const Snapshot& snapshot, const Domain& domain,
                                       const User* user) {
  if (user != nullptr) {
    const std::string document = "user:" + user->email;
    if (user->platform) return Found<Platform>{user->platform.get(), document};
    if (user->platform_id) return platform_by_id(snapshot, domain, *user->platform_id, document);
  }
  const std::string document = "domain:" + domain.name;
  if (domain.platform_id) return platform_by_id(snapshot, domain, *domain.platform_id, document);
  // Several may be marked as default: the first in the document's order counts.
  for (const auto& platform : domain.platforms) {
    if (platform->is_default) return Found<Platform>{platform.get(), document};
  }
  return Found<Platform>{};
}

}  // namespace

const User* find_user(const Snapshot& snapshot, const Domain& domain, const mail::Address& address,
                      std::string_view delimiters) {
  const mail::Address canonical = address.in_domain(domain.name);
  if (const User* user = snapshot.user(canonical.key())) return user;
  if (delimiters.empty()) return nullptr;
  return snapshot.user(canonical.key_without_extension(delimiters));
}

Resolved resolve(const Snapshot& snapshot, const mail::Address& address,
                 std::string_view delimiters) {
  const Domain* domain = snapshot.domain_or_alias(address.domain());
  if (domain == nullptr) return UnknownDomain{};

  RecipientPolicy recipient{.canonical = address.in_domain(domain->name),
                            .through_alias = address.domain() != domain->name,
                            .domain = domain,
                            .policy_source = {},
                            .platform_source = {}};
  recipient.user = find_user(snapshot, *domain, address, delimiters);

  auto policy = policy_for(snapshot, *domain, recipient.user);
  if (auto* dangling = std::get_if<Dangling>(&policy)) return std::move(*dangling);
  auto platform = platform_for(snapshot, *domain, recipient.user);
  if (auto* dangling = std::get_if<Dangling>(&platform)) return std::move(*dangling);

  auto& [rules, rules_source] = std::get<Found<Policy>>(policy);
  auto& [relay, relay_source] = std::get<Found<Platform>>(platform);
  recipient.policy = rules;
  recipient.policy_source = std::move(rules_source);
  recipient.platform = relay;
  recipient.platform_source = std::move(relay_source);
  return recipient;
}

}  // namespace postern::policy
