// Purpose:   what every table answers for one address, for people: posternctl route.
// Threading: pure functions over an immutable snapshot.
// Source:    posternctl route; secrets are redacted.
#pragma once

#include <string>
#include <string_view>

#include "policy/snapshot.h"
#include "route/route.h"

namespace postern::route {

// JSON: {"address": …, "generation": …, "tables": [{"table", "key", "answer", "value"}…]}. An IP address
// is asked of relay_clients, everything else of the tables that take addresses and domains.
std::string route_report(const policy::Snapshot& snapshot, std::string_view address,
                         const RouteOptions& options);

}  // namespace postern::route
