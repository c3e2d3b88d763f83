// Purpose:   all that a session may reach, and the settings that rule it.
// Ownership: main.cc owns everything pointed to; a session borrows.
// Threading: everything here is safe from many threads.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/ip.h"
#include "base/secret.h"
#include "decide/decide.h"
#include "decide/identity.h"
#include "decide/provider.h"
#include "decide/sending_limit.h"
#include "policy/return_address.h"
#include "policy/snapshot.h"
#include "ports/dkim_verifier.h"
#include "ports/provider_networks.h"
#include "ports/provisioning.h"
#include "ports/resolver.h"
#include "ports/scanner.h"
#include "ports/sender_verifier.h"
#include "ports/sending_limits.h"
#include "ports/signer.h"
#include "ports/spf_checker.h"
#include "ports/vault.h"
#include "ports/virus_scanner.h"

namespace postern::session {

using policy::MissingKey;
enum class MixedRejection { store, discard, defer };

struct Rules {
  decide::DecideOptions decide;
  decide::IdentityOptions identity;
  decide::SendingCaps sending_caps;  // where a domain's documents say nothing
  decide::TenantProofs tenant_proofs;
  MissingKey missing_key = MissingKey::accept;
  MixedRejection mixed_rejection = MixedRejection::store;
  std::string recipient_delimiters;
  std::vector<std::string> id_headers = {"X-Postern-Id"};
  std::string submit_daemon_name = "postern-submit";
  bool delivers_into_mailboxes =
      false;  // vault.deliver: kept copies go into their readers' folders
  std::vector<std::string> bounce_hosts;  // ours, in the MX of a custom MAIL FROM domain; A-labels
  std::string srs_domain;                 // empty: who forwards keeps the sender
  std::string authserv_id;                // empty: the MTA's own name
  bool authenticates_always = false;      // authentication_results: always
  std::vector<IpNetwork> trusted_relays;
  std::vector<IpNetwork> webmail_clients;
  Milliseconds authentication_timeout{20'000};  // for SPF, for DKIM and for DMARC each
  Milliseconds sender_verify_timeout{9'000};
};

struct Services {
  Services(const Clock& the_clock, const Published<policy::Snapshot>& published)
      : clock(the_clock), snapshot(published) {}

  // Everything that `other` reaches, under the rules in force now; the counters stay apart.
  void borrow(const Services& other);

  const Clock& clock;
  const Published<policy::Snapshot>& snapshot;
  std::vector<std::shared_ptr<ports::Scanner>> scanners;
  ports::VirusScanner* virus_scanner = nullptr;          // nullptr: nobody looks for viruses
  ports::Resolver* resolver = nullptr;                   // nullptr: no DNS, and no DMARC
  ports::SpfChecker* spf = nullptr;                      // nullptr: SPF is none
  ports::ProviderNetworks* provider_networks = nullptr;  // nullptr: no provider admits anybody
  ports::DkimVerifier* dkim_verifier = nullptr;          // nullptr: signatures are not looked at
  ports::SenderVerifier* sender_verifier = nullptr;      // nullptr: sender_verify is off
  ports::Provisioning* provisioning = nullptr;     // nullptr: nobody wants to hear of newcomers
  ports::SendingLimits* sending_limits = nullptr;  // nullptr: nobody counts what is sent
  ports::Signer* signer = nullptr;                 // nullptr: nothing is signed
  ports::Vault* vault = nullptr;   // nullptr: nothing can be stored, and what must be is 451
  std::vector<Secret> token_keys;  // the first signs, all verify
  // Never null; a transaction keeps the ones it began with.
  Published<Rules> rules{std::make_shared<const Rules>()};
  std::atomic<bool> draining = false;  // shutting down: new transactions get 421
  std::atomic<std::size_t> open_transactions = 0;
};

// Whose address is one of ours, as the tables and the transactions see it. `rules` and `services`
// outlive it.
policy::ReturnOptions return_options(const Services& services, const Rules& rules);

// Whether the client is in the network of a provider that some domain's mail leaves from: as far as is
// known without asking, which a MAIL in that domain's name has done before; or by asking now.
bool is_known_provider_client(const Services& services, const Rules& rules,
                              const policy::Snapshot& snapshot, const IpAddress& client);
bool is_provider_client(const Services& services, const Rules& rules,
                        const policy::Snapshot& snapshot, const IpAddress& client);

}  // namespace postern::session
