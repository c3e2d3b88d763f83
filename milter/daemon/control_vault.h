// Purpose:   what posternctl asks about stored mail and wants done to it, a page at a time.
// Ownership: borrows the vault's parts.
// Threading: safe from any thread.
// Failure:   the exit code and why. Releasing, deleting and expiring happen row by row in transactions of
//            their own: what a page has done stays done, and asking again for it does nothing twice.
// Source:    docs/control.md, "Stored mail".
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "ports/vault.h"
#include "ports/vault_upkeep.h"
#include "upkeep/expirer.h"

namespace postern::daemon {

struct VaultParts {
  const Clock& clock;
  ports::Vault& vault;
  ports::VaultUpkeep& upkeep;
  upkeep::Expirer& expirer;
  bool can_release;  // there are token keys
};

struct VaultReply {
  int exit = 0;
  std::string text;  // the answer as JSON, or with another exit code why not
};

// `request` is the JSON of a verb that begins with "vault ".
VaultReply answer_vault_request(const VaultParts& parts, std::string_view request);

}  // namespace postern::daemon
