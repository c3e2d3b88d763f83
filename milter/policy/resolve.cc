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
  if (domain.policy) {
    return Found<Policy>{domain.policy.get(),
                         domain.policy_source.empty() ? document : domain.policy_source};
  }
  if (domain.policy_id) return policy_by_id(snapshot, domain, *domain.policy_id, document);
  return Dangling{document + " has no policy"};
}

FoundOrDangling<Platform> platform_for(const Snapshot& snapshot, const Domain& domain,
                                       const User* user) {
  // Before the user's own: with it the domain's mail has one place to go to.
  if (domain.opensrs && domain.opensrs->filtermx) {
    return Found<Platform>{domain.opensrs->filtermx.get(), domain.opensrs->source()};
  }
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

void add_rules_of(const Snapshot& snapshot, const std::string& owner,
                  std::vector<const SenderRules*>& lists) {
  if (const SenderRules* rules = snapshot.sender_rules(owner)) lists.push_back(rules);
}

// A rule for joe@got.com is one for joe+x@got.com too, where there is no user of that name.
void add_user_rules(const Snapshot& snapshot, const RecipientPolicy& recipient,
                    const std::string& domain, std::string_view delimiters,
                    std::vector<const SenderRules*>& lists) {
  const mail::Address address = recipient.canonical.in_domain(domain);
  const std::string whole = address.key();
  const std::string cut = address.key_without_extension(delimiters);
  const bool is_whole =
      recipient.user != nullptr && recipient.user->email == recipient.canonical.key();
  add_rules_of(snapshot, whole, lists);
  if (cut != whole && !is_whole) add_rules_of(snapshot, cut, lists);
}

void add_sender_rules(const Snapshot& snapshot, std::string_view delimiters,
                      RecipientPolicy& recipient) {
  const std::string& primary = recipient.domain->name;
  add_user_rules(snapshot, recipient, primary, delimiters, recipient.user_rules);
  add_rules_of(snapshot, primary, recipient.domain_rules);
  for (const std::string& alias : snapshot.aliases_with_rules(primary)) {
    add_user_rules(snapshot, recipient, alias, delimiters, recipient.user_rules);
    add_rules_of(snapshot, alias, recipient.domain_rules);
  }
}

enum class Side { recipient, sender };

// Who the address stands for: a user, else a group, else the catchall's mailbox, else nobody known.
void find_who(Side side, const Snapshot& snapshot, std::string_view delimiters,
              RecipientPolicy& recipient) {
  const Domain& domain = *recipient.domain;
  recipient.user = find_user(snapshot, domain, recipient.canonical, delimiters);
  if (recipient.user != nullptr) return;
  recipient.group = find_group(snapshot, domain, recipient.canonical);
  if (recipient.group != nullptr || side == Side::sender) return;
  const auto mailbox = find_catchall(snapshot, domain);
  if (!mailbox) return;
  recipient.canonical = *mailbox;
  recipient.through_catchall = true;
  recipient.user = find_user(snapshot, domain, *mailbox, "");
  if (recipient.user == nullptr) recipient.group = find_group(snapshot, domain, *mailbox);
}

Resolved resolve_as(Side side, const Snapshot& snapshot, const mail::Address& address,
                    std::string_view delimiters) {
  const Domain* domain = snapshot.domain_or_alias(address.domain());
  if (domain == nullptr) return UnknownDomain{};

  RecipientPolicy recipient{.canonical = address.in_domain(domain->name),
                            .through_alias = address.domain() != domain->name,
                            .domain = domain,
                            .policy_source = {},
                            .platform_source = {}};
  find_who(side, snapshot, delimiters, recipient);

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
  add_sender_rules(snapshot, delimiters, recipient);
  recipient.attachments = snapshot.attachment_rules(domain->name);
  recipient.platform_attachments = snapshot.attachment_rules("*");
  recipient.uris = snapshot.uri_rules(domain->name);
  recipient.opensrs = domain->opensrs.get();
  return recipient;
}

}  // namespace

std::vector<DanglingId> dangling_ids(const Snapshot& snapshot, const Domain& domain,
                                     const User* user) {
  std::vector<DanglingId> found;
  const bool has_policy = (user == nullptr ? domain.policy : user->policy) != nullptr;
  const auto& policy_id = user == nullptr ? domain.policy_id : user->policy_id;
  if (!has_policy && policy_id &&
      std::holds_alternative<Dangling>(policy_by_id(snapshot, domain, *policy_id, ""))) {
    found.push_back({DocumentType::policy, *policy_id});
  }
  const bool has_platform = user != nullptr && user->platform != nullptr;
  const auto& platform_id = user == nullptr ? domain.platform_id : user->platform_id;
  if (!has_platform && platform_id &&
      std::holds_alternative<Dangling>(platform_by_id(snapshot, domain, *platform_id, ""))) {
    found.push_back({DocumentType::platform, *platform_id});
  }
  return found;
}

const User* find_user(const Snapshot& snapshot, const Domain& domain, const mail::Address& address,
                      std::string_view delimiters) {
  const mail::Address canonical = address.in_domain(domain.name);
  if (const User* user = snapshot.user(canonical.key())) return user;
  if (delimiters.empty()) return nullptr;
  return snapshot.user(canonical.key_without_extension(delimiters));
}

const Group* find_group(const Snapshot& snapshot, const Domain& domain,
                        const mail::Address& address) {
  if (const Group* group = snapshot.group(address.in_domain(domain.name).key())) return group;
  for (const std::string& alias : snapshot.aliases_with_rules(domain.name)) {
    if (const Group* group = snapshot.group(address.in_domain(alias).key())) return group;
  }
  return nullptr;
}

std::optional<mail::Address> find_catchall(const Snapshot& snapshot, const Domain& domain) {
  if (!domain.opensrs || !domain.opensrs->catchall) return std::nullopt;
  const mail::Address& mailbox = *domain.opensrs->catchall;
  if (snapshot.domain_or_alias(mailbox.domain()) != &domain) return std::nullopt;
  const bool exists = find_user(snapshot, domain, mailbox, "") != nullptr ||
                      find_group(snapshot, domain, mailbox) != nullptr;
  if (!exists) return std::nullopt;
  return mailbox.in_domain(domain.name);
}

const Smarthost* find_smarthost(const Snapshot& snapshot,
                                const std::optional<mail::Address>& sender) {
  const Smarthost* const everybodys = snapshot.smarthost("default");
  if (!sender) return everybodys;
  if (const Smarthost* own = snapshot.smarthost(sender->domain())) return own;
  if (const Domain* domain = snapshot.domain_or_alias(sender->domain())) {
    const Smarthost* const primary = snapshot.smarthost(domain->name);
    return primary == nullptr ? everybodys : primary;
  }
  if (const Smarthost* systems = snapshot.smarthost_of_sender(sender->key())) return systems;
  std::string name = sender->domain();
  for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.')) {
    name.erase(0, dot + 1);
    if (const Smarthost* above = snapshot.smarthost(name)) return above;
    // A customer that has none of its own keeps its subdomains from a stranger's.
    if (snapshot.domain_or_alias(name) != nullptr) break;
  }
  return everybodys;
}

Expansion expand(const Snapshot& snapshot, const Group& group) {
  return expand(group, [&snapshot](const std::string& key) -> const Group* {
    const auto address = mail::Address::parse(key);
    const Domain* domain = address ? snapshot.domain_or_alias(address->domain()) : nullptr;
    if (domain == nullptr || find_user(snapshot, *domain, *address, "") != nullptr) return nullptr;
    return find_group(snapshot, *domain, *address);
  });
}

Resolved resolve(const Snapshot& snapshot, const mail::Address& address,
                 std::string_view delimiters) {
  return resolve_as(Side::recipient, snapshot, address, delimiters);
}

Resolved resolve_sender(const Snapshot& snapshot, const mail::Address& address,
                        std::string_view delimiters) {
  return resolve_as(Side::sender, snapshot, address, delimiters);
}

}  // namespace postern::policy
