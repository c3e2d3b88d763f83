#include "policy/snapshot.h"

#include <openssl/evp.h>

#include <algorithm>

#include "policy/decode_parts.h"

namespace postern::policy {
namespace {

template <typename T>
const T* find_in(const PersistentMap<std::string, std::shared_ptr<const T>>& map,
                 const std::string& name) {
  const auto* found = map.find(name);
  return found == nullptr ? nullptr : found->get();
}

std::uint64_t label_of(const std::string& id, const std::string& name,
                       const std::string& domain_id) {
  return std::hash<std::string>{}(id + '\n' + domain_id + '\n' + name);
}

std::size_t index_of(DocumentType type) { return static_cast<std::size_t>(type); }

// A deleted domain is as unknown: its clients are strangers.
std::vector<IpNetwork> networks_of(const Domain& domain) {
  return domain.status == DomainStatus::deleted ? std::vector<IpNetwork>()
                                                : domain.outgoing_subnets;
}

}  // namespace

const Domain* Snapshot::domain(const std::string& name) const { return find_in(domains_, name); }

const Domain* Snapshot::domain_or_alias(const std::string& name) const {
  if (const Domain* primary = domain(name)) return primary;
  const std::string* owner = alias_owner_.find(name);
  return owner == nullptr ? nullptr : domain(*owner);
}

const User* Snapshot::user(const std::string& address_key) const {
  return find_in(users_, address_key);
}

const Policy* Snapshot::policy(const Id& id) const { return find_in(policies_, id); }

const Platform* Snapshot::platform(const Id& id) const { return find_in(platforms_, id); }

const DkimKeys* Snapshot::dkim(const std::string& domain) const { return find_in(dkim_, domain); }

void Snapshot::for_each_owner_set(const IpAddress& client,
                                  const std::function<void(const NameSet&)>& visit) const {
  if (client.family() != IpAddress::Family::v4) return;
  for (unsigned length = 0; length < networks_by_length_.size(); ++length) {
    if (networks_by_length_[length] == 0) continue;
    const NameSet* owners = client_networks_.find(IpNetwork(client, length).to_string());
    if (owners != nullptr) visit(*owners);
  }
}

std::vector<std::string> Snapshot::domains_of_client(const IpAddress& client) const {
  std::vector<std::string> names;
  for_each_owner_set(client, [&names](const NameSet& owners) {
    owners.for_each([&names](const std::string& name, std::monostate) { names.push_back(name); });
  });
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

bool Snapshot::is_client_of(const IpAddress& client, const std::string& domain) const {
  bool found = false;
  for_each_owner_set(
      client, [&](const NameSet& owners) { found = found || owners.find(domain) != nullptr; });
  return found;
}

bool Snapshot::is_client_of_any(const IpAddress& client) const {
  bool found = false;
  for_each_owner_set(client, [&found](const NameSet&) { found = true; });
  return found;
}

std::size_t Snapshot::count(DocumentType type) const { return counts_[index_of(type)]; }

std::uint64_t Snapshot::fingerprint(const DocumentKey& key) const {
  const std::uint64_t* found = fingerprints_.find(key);
  return found == nullptr ? 0 : *found;
}

void Snapshot::for_each_key(const std::function<void(const DocumentKey&)>& visit) const {
  fingerprints_.for_each([&visit](const DocumentKey& key, std::uint64_t) { visit(key); });
}

void Snapshot::for_each_domain(const std::function<void(const Domain&)>& visit) const {
  domains_.for_each([&visit](const std::string&, const std::shared_ptr<const Domain>& domain) {
    visit(*domain);
  });
}

SnapshotEditor::SnapshotEditor(const Snapshot& base, DecodeOptions options)
    : draft_(base), options_(options) {}

Status SnapshotEditor::put(const DocumentKey& key, std::string_view json) {
  Result<DecodedValue> decoded = decode_value(key, json, options_);
  if (!decoded) return decoded.error();
  Status placed = std::visit(
      Overloaded{
          [this](Domain& domain) { return put_in_force(std::move(domain)); },
          [this](User& user) { return put_in_force(std::move(user)); },
          [&](Policy& policy) { return put_in_force(std::move(policy), key.name); },
          [&](Platform& platform) { return put_in_force(std::move(platform), key.name); },
          [this](DkimKeys& keys) { return put_in_force(std::move(keys)); },
          [](const Opaque&) { return success(); },
      },
      *decoded);
  if (!placed) return placed;
  if (draft_.fingerprints_.put(key, fingerprint_of(json))) ++draft_.counts_[index_of(key.type)];
  return success();
}

void SnapshotEditor::erase(const DocumentKey& key) {
  if (!draft_.fingerprints_.erase(key)) return;
  --draft_.counts_[index_of(key.type)];
  switch (key.type) {
    case DocumentType::domain:
      if (const Domain* old = draft_.domain(key.name)) release(*old);
      draft_.domains_.erase(key.name);
      return;
    case DocumentType::user:
      draft_.users_.erase(key.name);
      return;
    case DocumentType::policy:
      draft_.policies_.erase(key.name);
      return;
    case DocumentType::platform:
      draft_.platforms_.erase(key.name);
      return;
    case DocumentType::dkim:
      draft_.dkim_.erase(key.name);
      return;
    case DocumentType::wblist:
    case DocumentType::attachments:
    case DocumentType::uris:
    case DocumentType::groups:
    case DocumentType::opensrs:
    case DocumentType::mailfrom:
    case DocumentType::identity:
    case DocumentType::smarthost:
      return;
  }
}

void SnapshotEditor::accept_empty(bool accepted) { draft_.accepted_empty_ = accepted; }

SnapshotPtr SnapshotEditor::finish(std::uint64_t generation) {
  draft_.generation_ = generation;
  return std::make_shared<const Snapshot>(draft_);
}

Status SnapshotEditor::put_in_force(Domain domain) {
  if (Status free = check_aliases(domain); !free) return free;
  if (const Domain* old = draft_.domain(domain.name)) release(*old);
  domain.policy = shared(std::move(domain.policy));
  for (auto& platform : domain.platforms) platform = shared(std::move(platform));
  claim(domain);
  const std::string name = domain.name;
  draft_.domains_.put(name, std::make_shared<const Domain>(std::move(domain)));
  draft_.accepted_empty_ = false;
  return success();
}

Status SnapshotEditor::put_in_force(User user) {
  user.policy = shared(std::move(user.policy));
  user.platform = shared(std::move(user.platform));
  const std::string email = user.email;
  draft_.users_.put(email, std::make_shared<const User>(std::move(user)));
  return success();
}

Status SnapshotEditor::put_in_force(Policy policy, const std::string& id) {
  draft_.policies_.put(id, std::make_shared<const Policy>(std::move(policy)));
  return success();
}

Status SnapshotEditor::put_in_force(Platform platform, const std::string& id) {
  draft_.platforms_.put(id, std::make_shared<const Platform>(std::move(platform)));
  return success();
}

Status SnapshotEditor::put_in_force(DkimKeys keys) {
  const std::string domain = keys.domain;
  draft_.dkim_.put(domain, std::make_shared<const DkimKeys>(std::move(keys)));
  return success();
}

Status SnapshotEditor::check_aliases(const Domain& domain) const {
  for (const auto& alias : domain.aliases) {
    const std::string* owner = draft_.alias_owner_.find(alias);
    if (owner != nullptr && *owner != domain.name) {
      return permanent_error("/domainAliases: \"" + alias +
                             "\" is already an alias of domain:" + *owner);
    }
  }
  return success();
}

void SnapshotEditor::claim(const Domain& domain) {
  for (const auto& alias : domain.aliases) draft_.alias_owner_.put(alias, domain.name);
  for (const auto& network : networks_of(domain)) {
    const std::string key = network.to_string();
    const Snapshot::NameSet* listed = draft_.client_networks_.find(key);
    Snapshot::NameSet owners = listed == nullptr ? Snapshot::NameSet{} : *listed;
    owners.put(domain.name, {});
    if (draft_.client_networks_.put(key, std::move(owners))) {
      ++draft_.networks_by_length_[network.prefix_length()];
    }
  }
}

void SnapshotEditor::release(const Domain& domain) {
  for (const auto& alias : domain.aliases) draft_.alias_owner_.erase(alias);
  for (const auto& network : networks_of(domain)) {
    const std::string key = network.to_string();
    const Snapshot::NameSet* listed = draft_.client_networks_.find(key);
    if (listed == nullptr) continue;
    Snapshot::NameSet owners = *listed;
    owners.erase(domain.name);
    if (!owners.empty()) {
      draft_.client_networks_.put(key, std::move(owners));
    } else {
      draft_.client_networks_.erase(key);
      --draft_.networks_by_length_[network.prefix_length()];
    }
  }
}

std::shared_ptr<const Policy> SnapshotEditor::shared(std::shared_ptr<const Policy> policy) {
  if (!policy) return policy;
  const std::uint64_t label = label_of(policy->id, policy->name, policy->domain_id);
  return draft_.shared_policies_.share(label, std::move(policy));
}

std::shared_ptr<const Platform> SnapshotEditor::shared(std::shared_ptr<const Platform> platform) {
  if (!platform) return platform;
  const std::uint64_t label = label_of(platform->id, platform->name, platform->primary.host);
  return draft_.shared_platforms_.share(label, std::move(platform));
}

// Part of a SHA-256: the texts come from customers, who must not be able to make two that look
// alike, and the value must be the same in every build, for the cache.
std::uint64_t fingerprint_of(std::string_view json) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(json.data(), json.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8U | digest[i];
  return value == 0 ? 1 : value;
}

}  // namespace postern::policy
