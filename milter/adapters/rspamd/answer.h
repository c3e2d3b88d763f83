// Purpose:   reads the JSON that rspamd answers to /checkv2.
// Threading: pure functions.
// Failure:   temporary: not JSON, no score or action, an "error" member, or a message that rspamd has
//            skipped without an action.
// Source:    rspamd's protocol documentation, /checkv2: score, action, is_skipped, symbols; the rbl
//            module, whose options are "host:url", "address:from", "domain:dkim" ...
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "decide/evidence.h"

namespace postern::rspamd {

struct Answer {
  decide::MilliScore score = 0;
  // Symbols of the rbl module that a link has set off. What else set one off (a signature's domain, a
  // list of options that was cut short) stands among its hosts as well: then not all of it is links.
  std::vector<decide::UriHit> uri_hits;
};

Result<Answer> parse_answer(std::string_view json, double scale);

}  // namespace postern::rspamd
