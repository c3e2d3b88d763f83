// Purpose:   looks at one message: spam scanners, the virus scanner and its own content, side by
//            side, each only where somebody's rule depends on it.
// Ownership: borrows everything for the call; nothing outlives it.
// Threading: what goes outside runs in threads of its own; the caller waits and keeps the MTA patient
//            with progress().
// Failure:   a scanner that is away, slow or babbling makes its finding Unavailable; hostile content
//            ends in a finding, within the limits of content/inspect.h.
#pragma once

#include <functional>

#include "decide/evidence.h"
#include "decide/incoming_case.h"
#include "ports/scanner.h"
#include "session/services.h"

namespace postern::session {

// Fills what `needs` asks for; what an earlier filter wrote into the header is always read.
void inspect(const Services& services, const ports::ScanInput& input, const decide::Needs& needs,
             decide::Evidence& evidence, const std::function<void()>& progress);

}  // namespace postern::session
