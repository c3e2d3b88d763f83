// Purpose:   reads the JSON that rspamd answers to /checkv2.
// Threading: pure functions.
// Failure:   temporary: not JSON, no score or action, an "error" member, or a message that rspamd has
//            skipped without an action.
// Source:    rspamd's protocol documentation, /checkv2: score, action, is_skipped.
#pragma once

#include <string_view>

#include "base/result.h"
#include "policy/documents.h"

namespace postern::rspamd {

Result<policy::MilliScore> parse_answer(std::string_view json, double scale);

}  // namespace postern::rspamd
