// Purpose:   a message as it goes over the wire after DATA.
// Threading: pure functions; the sink is called on the caller's thread.
// Units:     octets.
// Failure:   the sink's.
// Source:    RFC 5321 4.5.2 (transparency), 2.3.8 (CRLF and nothing else ends a line).
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/result.h"

namespace postern::smtp {

// With every line end as CRLF and a last one added where it is missing, before dot-stuffing: what
// SIZE= states.
std::uint64_t wire_size(std::string_view bytes);

// The same bytes with leading dots doubled, in pieces of bounded size. A bare CR is left alone.
Status write_dot_stuffed(std::string_view bytes,
                         const std::function<Status(std::string_view piece)>& sink);

}  // namespace postern::smtp
