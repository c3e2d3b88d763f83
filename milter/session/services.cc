#include "session/services.h"

#include <algorithm>

namespace postern::session {

void Services::borrow(const Services& other) {
  scanners = other.scanners;
  virus_scanner = other.virus_scanner;
  resolver = other.resolver;
  spf = other.spf;
  provider_networks = other.provider_networks;
  dkim_verifier = other.dkim_verifier;
  sender_verifier = other.sender_verifier;
  sending_limits = other.sending_limits;
  signer = other.signer;
  vault = other.vault;
  token_keys = other.token_keys;
  rules.set(other.rules.get());
}

policy::ReturnOptions return_options(const Services& services, const Rules& rules) {
  return {rules.srs_domain, &services.token_keys, services.clock.wall()};
}

bool is_known_provider_client(const Services& services, const Rules& rules,
                              const policy::Snapshot& snapshot, const IpAddress& client) {
  if (services.provider_networks == nullptr || rules.tenant_proofs.empty()) return false;
  const auto known = services.provider_networks->known_networks(client);
  if (known.empty()) return false;
  const auto in_use = decide::providers_in_use(snapshot, rules.tenant_proofs);
  return std::any_of(in_use.begin(), in_use.end(), [&known](const std::string& network) {
    return std::find(known.begin(), known.end(), network) != known.end();
  });
}

bool is_provider_client(const Services& services, const Rules& rules,
                        const policy::Snapshot& snapshot, const IpAddress& client) {
  if (services.provider_networks == nullptr) return false;
  const auto in_use = decide::providers_in_use(snapshot, rules.tenant_proofs);
  const Deadline deadline = Deadline::after(rules.authentication_timeout);
  return std::any_of(in_use.begin(), in_use.end(), [&](const std::string& network) {
    return services.provider_networks->ask(network, client, deadline) == ports::Membership::member;
  });
}

}  // namespace postern::session
