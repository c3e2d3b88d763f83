// Purpose:   what a domain's rules about hosts in URIs do to the spam score of a message.
// Threading: pure functions.
// Units:     thousandths of a point.
// Failure:   none.
// Source:    docs/semantics.md, "URI rules"; FilterUriBl.
#pragma once

#include <string>
#include <vector>

#include "decide/evidence.h"
#include "decide/explanation.h"
#include "policy/resolve.h"

namespace postern::decide {

// What is to be added to the scanner's score for this recipient: 100 points off once if a host is
// whitelisted, 100 on once if one is blacklisted, and off what blocklists gave for hosts that are not
// to be looked up there.
MilliScore uri_score(const std::vector<std::string>& hosts, const std::vector<UriHit>& hits,
                     const policy::RecipientPolicy& rules, Explanation* why);

// Whether every host of the hit is one that blocklists are not asked about.
bool is_skipped(const UriHit& hit, const policy::UriRules& rules);

}  // namespace postern::decide
