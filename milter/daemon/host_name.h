// Purpose:   what this machine calls itself, for HELO.
// Threading: pure but for gethostname(2).
#pragma once

#include <string>

namespace postern::daemon {

std::string host_name();

}  // namespace postern::daemon
