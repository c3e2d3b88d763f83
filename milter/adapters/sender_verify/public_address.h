// Purpose:   whether an address that a stranger's DNS names may be connected to at all.
// Threading: pure functions.
// Source:    IANA's special-purpose address registries (RFC 6890): an MX that points at our own
//            loopback or into our network must not make us knock there.
#pragma once

#include "base/ip.h"

namespace postern::sender_verify {

bool is_public(const IpAddress& address);

}  // namespace postern::sender_verify
