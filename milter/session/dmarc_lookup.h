// Purpose:   finds the DMARC record that speaks for a header From domain.
// Ownership: borrows the resolver for the call.
// Threading: from any thread.
// Failure:   an Error as the resolver gives it: temporary where the DNS did not answer. "No record"
//            is an answer.
// Source:    RFC 7489 6.6.3.
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "decide/dmarc.h"
#include "ports/resolver.h"

namespace postern::session {

// Asks _dmarc.<domain>, then, where nothing there calls itself DMARC, _dmarc.<organizational
// domain>: at most two queries. `from_domain` is an A-label; an address literal has no record.
Result<decide::DmarcPublication> look_up_dmarc(ports::Resolver& resolver,
                                               const std::string& from_domain, Deadline deadline);

}  // namespace postern::session
