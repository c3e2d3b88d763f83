// Purpose:   until when a copy is kept: what a policy says of it today, and what that makes of the time it
//            was received.
// Threading: pure functions.
// Units:     days; archive: calendar months (the last day of a shorter month, time of day kept), UTC.
// Source:    QuarantineProps.duration, RetentionProps.duration (days), ArchiveProps.duration (months).
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "decide/mail_class.h"
#include "decide/purpose.h"
#include "policy/documents.h"

namespace postern::decide {

// The reason of a copy that is kept for who sent it.
inline constexpr std::string_view kSentReason = "sent";

// Nothing: for ever. That is what 0 means, and what is left of a duration that is negative or
// longer than two centuries: in doubt stored mail is kept.
std::optional<WallTime> expiry_of(Purpose purpose, int duration, WallTime received);

// The policy's own, whether it stores anything or not.
int duration_of(const policy::Policy& policy, Purpose purpose);

// Whether this policy would keep such a copy today. `is_sent`: for who sent it.
bool keeps(const policy::Policy& policy, Purpose purpose, MailClass mail_class, bool is_sent);

}  // namespace postern::decide
