// Purpose:   text from outside made fit for one line of a log or a terminal.
// Threading: pure functions.
// Failure:   none: what is not UTF-8 becomes U+FFFD, what is too long is cut and marked with "…".
// Source:    RFC 3629 (UTF-8).
#pragma once

#include <string>
#include <string_view>

namespace postern {

// Valid UTF-8 of at most max_size bytes of the input (plus the mark); nothing is escaped.
std::string valid_utf8(std::string_view text, std::size_t max_size);

// As above, and everything that could end a line, move a cursor or reorder the text on a screen
// (C0 and C1 controls, DEL, line separators, bidirectional controls) as \n, \t, \x1b or \u202e; the
// backslash itself is doubled, so that an escape is never mistaken for what was sent.
std::string single_line(std::string_view text, std::size_t max_size);

}  // namespace postern
