// Purpose:   text in the charset a message claims: whether it can be that, and the same in UTF-8.
// Threading: pure functions.
// Failure:   an unknown charset is not judged, and its text is taken as it stands.
// Source:    RFC 2046 4.1.2, RFC 3629, RFC 1468 and RFC 2237 (7-bit charsets).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::content {

bool is_ascii(std::string_view text);
bool is_utf8(std::string_view text);  // NUL counts as a character

// Octets that the named charset cannot have: other than UTF-8 in utf-8, 8-bit ones in us-ascii and
// in the 7-bit charsets (iso-2022-*, utf-7, hz-gb-2312). Other charsets are not judged.
bool is_impossible(std::string_view text, std::string_view charset);

// Nothing where the text can be read as it stands (UTF-8, ASCII, or a charset nobody knows). What
// cannot be converted is left out.
std::optional<std::string> converted_to_utf8(std::string_view text, std::string_view charset);

}  // namespace postern::content
