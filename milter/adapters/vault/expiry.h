// Purpose:   until when a copy is kept.
// Threading: pure function.
// Units:     days; archive: calendar months (the last day of a shorter month, time of day kept),
//            UTC.
// Source:    QuarantineProps.duration, RetentionProps.duration (days), ArchiveProps.duration
//            (months).
#pragma once

#include <optional>

#include "base/clock.h"
#include "ports/vault.h"

namespace postern::vault {

// Nothing: for ever. That is what 0 means, and what is left of a duration that is negative or
// longer than two centuries: in doubt stored mail is kept.
std::optional<WallTime> expiry_of(ports::Purpose purpose, int duration, WallTime received);

}  // namespace postern::vault
