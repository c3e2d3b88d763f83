// Purpose:   until when a stored row is kept, by the policies in force today.
// Threading: pure functions over an immutable snapshot.
// Source:    QuarantineProps.duration, RetentionProps.duration, ArchiveProps.duration, Domain.purgeDate;
//            docs/operating.md, "How long mail is kept".
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "policy/snapshot.h"
#include "ports/vault.h"

namespace postern::upkeep {

struct Term {
  // False: a policyId that does not resolve. Nobody can say until it does, so nothing is ended.
  bool is_known = true;
  std::optional<WallTime> until;  // nothing: for ever
};

// Where today's policy would keep such a copy, its duration counts from the day of receipt. Where it would
// not, the duration stands that the copy was stored with: what was kept instead of a refusal, or under rules
// of yesterday, loses no day. A deleted domain's mail ends at its purgeDate.
Term term_of(const policy::Snapshot& snapshot, std::string_view delimiters,
             const ports::VaultRow& row);

}  // namespace postern::upkeep
