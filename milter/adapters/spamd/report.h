// Purpose:   which rules of SpamAssassin's report fired for the hosts of links, and for how many
//            points.
// Threading: pure functions.
// Units:     thousandths, multiplied by the scale. The report tells tenths, and whole points from 10
//            on.
// Failure:   none: a report without the table of rules (the operator's own template may leave it out)
//            holds no hits. The message's text stands in the report too, and is never taken for a
//            rule.
// Source:    SpamAssassin's PerMsgStatus (_SUMMARY_) and URIDNSBL ("[URI: host]", "[URI:
//            host/listed.domain]"; before 4.0 "[URIs: host host]").
#pragma once

#include <string_view>
#include <vector>

#include "decide/evidence.h"

namespace postern::spamd {

std::vector<decide::UriHit> uri_hits_in(std::string_view report, double scale);

}  // namespace postern::spamd
