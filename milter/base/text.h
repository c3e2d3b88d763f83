// Purpose:   the few ASCII text helpers that mail needs everywhere. RFC 5321 and 5322 compare names
//            without regard to ASCII case and know nothing of locales, so none is consulted here.
// Threading: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern {

char ascii_lower(char c);
std::string ascii_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
std::string_view trim(std::string_view text);  // SP, HTAB, CR, LF
std::vector<std::string_view> split(std::string_view text, char separator);
// Printable ASCII only, at most max_size characters: for texts from outside that go into a reply,
// a log line or an error. Everything else becomes '?'.
std::string printable(std::string_view text, std::size_t max_size);

}  // namespace postern
