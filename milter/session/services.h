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
#include "policy/snapshot.h"
#include "ports/scanner.h"
#include "ports/signer.h"
#include "ports/vault.h"

namespace postern::session {

enum class MissingKey { accept, defer };
enum class MixedRejection { store, discard, defer };

struct Rules {
  decide::DecideOptions decide;
  MissingKey missing_key = MissingKey::accept;
  MixedRejection mixed_rejection = MixedRejection::store;
  std::string recipient_delimiters;
  std::vector<std::string> id_headers = {"X-Postern-Id"};
  std::string submit_daemon_name = "postern-submit";
  std::string authserv_id;  // empty: the MTA's own name (macro j)
};

struct Services {
  Services(const Clock& the_clock, const Published<policy::Snapshot>& published)
      : clock(the_clock), snapshot(published) {}

  const Clock& clock;
  const Published<policy::Snapshot>& snapshot;
  std::vector<std::unique_ptr<ports::Scanner>> scanners;
  ports::Signer* signer = nullptr;  // nullptr: nothing is signed
  ports::Vault* vault = nullptr;    // nullptr: nothing can be stored, and what must be is 451
  std::vector<Secret> token_keys;   // the first signs, all verify
  // Never null; a transaction keeps the ones it began with.
  Published<Rules> rules{std::make_shared<const Rules>()};
  std::atomic<bool> draining = false;  // shutting down: new transactions get 421
  std::atomic<std::size_t> open_transactions = 0;
};

}  // namespace postern::session
