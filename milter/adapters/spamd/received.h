// Purpose:   the Received field that the MTA hides from a milter, made again for SpamAssassin:
//            without it the engine takes the sender's own newest Received for the client, and every
//            rule about relays judges the wrong host.
// Threading: pure functions.
// Source:    RFC 5321 4.4; the form SpamAssassin reads as one of Postfix's.
#pragma once

#include <string>

#include "base/clock.h"
#include "ports/scanner.h"

namespace postern::spamd {

// "Received: from <helo> (<name> [<address>]) by localhost (Postfix) with ESMTP id <queue id>;
// <date>" with CRLF line ends. Authenticated clients are marked ESMTPA; who they are is not told.
// Names come from the client: whatever is no host name character becomes '?'.
std::string received_field(const ports::ScanInput& input, WallTime now);

}  // namespace postern::spamd
