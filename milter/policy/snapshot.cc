#include "policy/snapshot.h"

#include <openssl/evp.h>

#include <algorithm>

namespace postern::policy {
namespace {

template <typename T>
const T* find_in(const PersistentMap<std::string, std::shared_ptr<const T>>& map,
                 const std::string& name) {
  const auto* found = map.find(name);
  return found == nullptr ? nullptr : found->get();
}

std::size_t index_of(DocumentType type) { return static_cast<std::size_t>(type); }

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

const DkimKeys* Snapshot::dkim(const std::string& domain) const {
  if (const DkimKeys* keys = find_in(dkim_, domain)) return keys;
  const OpensrsDomain* found = opensrs(domain);
  return found == nullptr ? nullptr : found->dkim.get();
}

const SenderRules* Snapshot::sender_rules(const std::string& owner) const {
  return find_in(sender_rules_, owner);
}

const AttachmentRules* Snapshot::attachment_rules(const std::string& domain) const {
  return find_in(attachment_rules_, domain);
}

const UriRules* Snapshot::uri_rules(const std::string& domain) const {
  return find_in(uri_rules_, domain);
}

const Groups* Snapshot::groups(const std::string& domain) const { return find_in(groups_, domain); }

const Group* Snapshot::group(const std::string& address_key) const {
  const std::size_t at = address_key.rfind('@');
  if (at == std::string::npos) return nullptr;
  const Groups* found = groups(address_key.substr(at + 1));
  return found == nullptr ? nullptr : found->find(address_key);
}

const OpensrsDomain* Snapshot::opensrs(const std::string& domain) const {
  return find_in(opensrs_, domain);
}

const MailFrom* Snapshot::mail_from(const std::string& name) const {
  return find_in(mail_froms_, name);
}

bool Snapshot::is_mail_from_domain(const std::string& domain) const {
  if (mail_from_domains_.find(domain) == nullptr) return false;
  // Below a domain of ours: a document about somebody else's makes nothing ours.
  for (std::size_t dot = domain.find('.'); dot != std::string::npos;
       dot = domain.find('.', dot + 1)) {
    if (domain_or_alias(domain.substr(dot + 1)) != nullptr) return true;
  }
  return false;
}

const Identity* Snapshot::identity(const std::string& name) const {
  return find_in(identities_, name);
}

bool Snapshot::has_identities(const Domain& domain) const {
  if (identities_of_.empty()) return false;
  return identities_of_.find(domain.name) != nullptr ||
         std::any_of(domain.aliases.begin(), domain.aliases.end(), [this](const auto& alias) {
           return domains_.find(alias) == nullptr && identities_of_.find(alias) != nullptr;
         });
}

std::vector<std::string> Snapshot::aliases_with_rules(const std::string& domain) const {
  std::vector<std::string> names;
  const NameSet* aliases = aliases_with_rules_.find(domain);
  if (aliases == nullptr) return names;
  aliases->for_each([&](const std::string& name, std::monostate) {
    if (domains_.find(name) == nullptr) names.push_back(name);
  });
  std::sort(names.begin(), names.end());
  return names;
}

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

const Smarthost* Snapshot::smarthost(const std::string& id) const {
  return find_in(smarthosts_, id);
}

const Smarthost* Snapshot::smarthost_of_sender(const std::string& address_key) const {
  const NameSet* names = smarthosts_of_sender_.find(address_key);
  if (names == nullptr) return nullptr;
  std::string first;
  names->for_each([&first](const std::string& name, std::monostate) {
    if (first.empty() || name < first) first = name;
  });
  return smarthost(first);
}

void Snapshot::for_each_smarthost(const std::function<void(const Smarthost&)>& visit) const {
  smarthosts_.for_each(
      [&visit](const std::string&, const std::shared_ptr<const Smarthost>& one) { visit(*one); });
}

void Snapshot::for_each_identity(const std::function<void(const Identity&)>& visit) const {
  identities_.for_each(
      [&visit](const std::string&, const std::shared_ptr<const Identity>& one) { visit(*one); });
}

void Snapshot::for_each_mail_from(const std::function<void(const MailFrom&)>& visit) const {
  mail_froms_.for_each(
      [&visit](const std::string&, const std::shared_ptr<const MailFrom>& one) { visit(*one); });
}

void Snapshot::for_each_rule_fault(
    const std::function<void(const DocumentKey&, const std::string&)>& visit) const {
  rule_faults_.for_each([&visit](const DocumentKey& key, const std::vector<std::string>& faults) {
    for (const std::string& fault : faults) visit(key, fault);
  });
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
