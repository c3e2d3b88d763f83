// Purpose:   an event's members as one JSON object: the field `data` of the stream and of the log.
// Threading: pure functions.
// Failure:   none: what is not UTF-8 in a text is replaced (U+FFFD).
#pragma once

#include <string>

#include "ports/event_sink.h"

namespace postern::events {

std::string data_json(const ports::Event& event);

}  // namespace postern::events
