// Purpose:   whether a platform's hops can stand in a transport answer at all.
// Threading: pure functions.
// Source:    PlatformDTO.transportDest and .fallbackTransportDest; Postfix transport(5).
#pragma once

#include <optional>
#include <string>

#include "policy/documents.h"

namespace postern::route {

// What is wrong: a host that holds anything but what host names and addresses are made of would
// write other hops, or another service, into the answer.
std::optional<std::string> unusable_hop(const policy::Platform& platform);

}  // namespace postern::route
