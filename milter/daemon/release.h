// Purpose:   gives stored mail back: the original, untagged and unfiltered, through the outbox.
// Threading: safe from any thread.
// Failure:   an Error: nothing of it is released. What is released is in the outbox, durably, and
//            reaches the MTA by the courier; asked for again, nothing is sent twice.
// Source:    docs/operating.md, "Releasing mail".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ports/vault_upkeep.h"

namespace postern::daemon {

struct ReleaseWish {
  bool virus_lover = false;  // asks for infected messages; wrong for one that is not
  bool dry_run = false;
  std::string who;  // for the record
};

enum class ReleaseResult { released, already_released, refused, gone };
struct ReleasedRow {
  std::string id;
  std::string recipient;
  ReleaseResult result;
  std::string answer;  // for people
};

// Why this row must not be released so: the admin API's rule, both ways round.
std::optional<std::string> refusal_of(const ports::VaultRow& row, bool virus_lover);

// Each mailbox gets each message once, however many rows there are of it.
Result<std::vector<ReleasedRow>> release(ports::VaultUpkeep& vault, const Clock& clock,
                                         const std::vector<ports::VaultRow>& rows,
                                         const ReleaseWish& wish);

}  // namespace postern::daemon
