// Purpose:   the two forms in which DKIM hashes a message.
// Threading: pure functions.
// Source:    RFC 6376 3.4. A header value stands in memory with LF folds; on the wire, which is
//            what is hashed, they are CRLF, and an MTA puts a tab where a fold has no white space.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace postern::dkim {

enum class Canonicalization { relaxed, simple };
std::string_view to_string(Canonicalization how);

// Without the CRLF that ends a field. `value` is everything after the colon.
std::string canonical_header(std::string_view name, std::string_view value, Canonicalization how);

// Hands the canonical body to `sink` in pieces, so that no second copy of a large body is made.
// `body` has CRLF line ends; a last line without one gets it, as it will on the wire.
using Sink = std::function<void(std::string_view)>;
void canonical_body(std::string_view body, Canonicalization how, const Sink& sink);

}  // namespace postern::dkim
