// Purpose:   who has sent how much of his limit, for `posternctl limits`.
// Threading: from many threads at once; may take seconds, where Redis is slow.
// Failure:   none: where Redis does not answer, what this node knows is told, and why.
// Source:    docs/control.md, "limits".
#pragma once

#include <string>
#include <string_view>

#include "session/services.h"

namespace postern::daemon {

// `request`: {"account": the one to be told of, else everybody; "share": who has used less of both
// limits is left out, 0.8 where it is absent}.
std::string limits_report(const session::Services& services, std::string_view request);

}  // namespace postern::daemon
