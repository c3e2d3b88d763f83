// Purpose:   the Received line of a copy that leaves its transaction. The MTA hides its own from
//            milters, and without one a loop would never reach the limit of hops.
// Ownership: values.
// Threading: pure functions.
// Failure:   none; whatever comes from outside is cut and made printable.
// Source:    RFC 5321 4.4, RFC 3848 (ESMTPA).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "session/session.h"

namespace postern::session {

// The value after the colon, with its leading space; folds are LF + HTAB. `recipient` is named only
// where the copy has one: copies must not tell recipients of each other.
std::string received_value(const ClientFacts& client, std::string_view queue_id,
                           std::string_view recipient, WallTime when);

}  // namespace postern::session
