// Purpose:   what posternctl may ask a running daemon: one JSON request, one JSON answer.
// Ownership: borrows the daemon's parts, which outlive the control server.
// Threading: handle() is called from many threads at once.
// Failure:   {"ok":false,"exit":N,"error":"…"} with posternctl's exit code; never a secret.
#pragma once

#include <functional>
#include <optional>
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
#include "ports/vault_upkeep.h"
#include "session/services.h"
#include "upkeep/expirer.h"

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
    ports::VaultUpkeep* upkeep;   // with the vault
    upkeep::Expirer* expirer;     // with the vault
    ports::Submitter* submitter;  // nullptr: no token keys
    policy::DecodeOptions decode;
    WallTime started;
    std::vector<std::string> tables;  // where Postfix asks them
    // Why the vault's room gives cause for concern; nothing: it does not.
    std::function<std::optional<std::string>()> vault_alarm;
    // Why mail cannot be handled right now; empty: it can.
    std::function<std::vector<std::string>()> not_ready;
  };
  explicit Control(const Parts& parts) : parts_(parts) {}

  std::string handle(std::string_view request) const;

 private:
  Parts parts_;
};

}  // namespace postern::daemon
