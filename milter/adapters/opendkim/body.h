// Purpose:   what must be known of a body before libopendkim hashes it.
// Threading: pure functions.
// Source:    RFC 6376 3.4.3 and 3.4.4.
#pragma once

#include <cstdint>
#include <string_view>

namespace postern::opendkim {

// Every CR is followed by LF and every LF preceded by CR. The library drops a bare CR and miscounts at
// a bare LF, so that a signature could hold over a body that was changed there.
bool has_only_crlf(std::string_view body);

// Octets of the canonical form, against l=. For a body that has_only_crlf; a last line without its end
// gets one.
std::uint64_t canonical_length(std::string_view body, bool relaxed);

}  // namespace postern::opendkim
