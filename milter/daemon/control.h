// Purpose:   what posternctl may ask a running daemon: one JSON request, one JSON answer.
// Ownership: borrows the daemon's parts, which outlive the control server.
// Threading: handle() is called from many threads at once.
// Failure:   {"ok":false,"exit":N,"error":"…"} with posternctl's exit code; never a secret.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "keeper/keeper.h"
#include "policy/snapshot.h"
#include "ports/outbox.h"
#include "ports/submitter.h"
#include "ports/vault.h"
#include "session/services.h"

namespace postern::daemon {

class Control {
 public:
  struct Parts {
    const Clock& clock;
    const Published<policy::Snapshot>& snapshot;
    keeper::Keeper& keeper;
    session::Services& services;
    ports::Vault* vault;          // nullptr: could not be opened
    ports::Outbox* outbox;        // with the vault
    ports::Outbox* mailboxes;     // nullptr: vault.deliver is empty
    ports::Submitter* submitter;  // nullptr: no token keys
    Milliseconds submit_timeout;
    policy::DecodeOptions decode;
    WallTime started;
    std::vector<std::string> settings_not_enforced;
    std::vector<std::string> tables;  // where Postfix asks them
    // Why mail cannot be handled right now; empty: it can.
    std::function<std::vector<std::string>()> not_ready;
  };
  explicit Control(const Parts& parts) : parts_(parts) {}

  std::string handle(std::string_view request) const;

 private:
  // Two releases of one message at once would both find it unreleased.
  mutable std::mutex releasing_;
  Parts parts_;
};

}  // namespace postern::daemon
