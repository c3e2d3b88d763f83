#include "decide/provider.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace postern::decide {
namespace {

// Nothing: it admits nobody.
std::optional<TenantProvider> with_proof(const policy::OutgoingProvider& provider,
                                         const std::string& domain, const TenantProofs& proofs) {
  const auto proof = proofs.find(ascii_lower(provider.name));
  if (proof == proofs.end()) return std::nullopt;
  const auto value = proof->second.values.find(domain);
  // An empty value would be proven by an empty header, which anybody may write.
  if (value == proof->second.values.end() || value->second.empty()) return std::nullopt;
  return TenantProvider{&provider, &proof->second.header, &value->second};
}

}  // namespace

std::vector<TenantProvider> tenant_providers(const policy::Domain& domain,
                                             const TenantProofs& proofs) {
  std::vector<TenantProvider> found;
  if (domain.status == policy::DomainStatus::deleted) return found;
  for (const policy::OutgoingProvider& provider : domain.outgoing_providers) {
    if (!provider.active || provider.spf_provider.empty()) continue;
    if (const auto proven = with_proof(provider, domain.name, proofs)) found.push_back(*proven);
  }
  return found;
}

std::vector<std::string> providers_without_proof(const policy::Domain& domain,
                                                 const TenantProofs& proofs) {
  std::vector<std::string> names;
  if (domain.status == policy::DomainStatus::deleted) return names;
  for (const policy::OutgoingProvider& provider : domain.outgoing_providers) {
    if (provider.active && !with_proof(provider, domain.name, proofs)) {
      names.push_back(provider.name);
    }
  }
  return names;
}

std::vector<std::string> providers_in_use(const policy::Snapshot& snapshot,
                                          const TenantProofs& proofs) {
  std::set<std::string> records;
  for (const auto& [name, proof] : proofs) {
    for (const auto& [domain_name, value] : proof.values) {
      const policy::Domain* const domain = snapshot.domain(domain_name);
      if (domain == nullptr) continue;
      for (const TenantProvider& one : tenant_providers(*domain, proofs)) {
        records.insert(one.provider->spf_provider);
      }
    }
  }
  return {records.begin(), records.end()};
}

bool is_proven(const TenantProvider& provider, const mail::Message& message) {
  bool found = false;
  for (const mail::HeaderField& field : message.headers()) {
    if (!equals_ignoring_case(field.name, *provider.header)) continue;
    if (trim(field.value) != *provider.value) return false;
    found = true;
  }
  return found;
}

}  // namespace postern::decide
