// Purpose:   networks that a domain's mail leaves from though others share them: a provider's, known by its
//            SPF record. Every tenant of a provider writes what sender he likes, so such a network
//            counts only together with a header that the provider stamps and that names the tenant.
// Ownership: answers borrow from the snapshot and the proofs.
// Threading: pure functions.
// Source:    Domain.outgoingProviders; the setting outgoing.providers; docs/semantics.md, "Outgoing mail".
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mail/message.h"
#include "policy/snapshot.h"

namespace postern::decide {

// By which header a provider says whose tenant sent a message.
struct TenantProof {
  std::string header;
  std::map<std::string, std::string> values;  // by domain, an A-label
};
using TenantProofs = std::map<std::string, TenantProof>;  // by the provider's name, in lower case

// A provider that may send for a domain, and what it must stamp.
struct TenantProvider {
  const policy::OutgoingProvider* provider = nullptr;
  const std::string* header = nullptr;
  const std::string* value = nullptr;
};

// The active providers of the domain that have a proof.
std::vector<TenantProvider> tenant_providers(const policy::Domain& domain,
                                             const TenantProofs& proofs);
// The active ones that have none, and admit nobody: by name.
std::vector<std::string> providers_without_proof(const policy::Domain& domain,
                                                 const TenantProofs& proofs);
// The SPF records that admit somebody's mail, each once.
std::vector<std::string> providers_in_use(const policy::Snapshot& snapshot,
                                          const TenantProofs& proofs);

// Whether the message carries the proof: the header, as often as it stands there, says that and
// nothing else. A forged one beside the provider's own proves nothing.
bool is_proven(const TenantProvider& provider, const mail::Message& message);

}  // namespace postern::decide
