// Purpose:   undoing a Content-Transfer-Encoding, and telling whether the text was valid in it.
// Threading: pure functions.
// Failure:   none: what is invalid is left out (base64) or kept as it stands (quoted-printable), as
//            mail programs do, and said.
// Source:    RFC 2045 6.7 and 6.8.
#pragma once

#include <string>
#include <string_view>

namespace postern::content {

enum class Encoding { identity, base64, quoted_printable, uuencode, unknown };

// The value of a Content-Transfer-Encoding field.
Encoding parse_encoding(std::string_view value);

struct Decoded {
  std::string bytes;
  bool valid = true;
};
// Padding may be missing at the end; text after padding, other characters and a single left-over
// character are invalid.
Decoded decode_base64(std::string_view text);
// Invalid: an "=" that is followed neither by two hexadecimal digits nor by the end of the line.
Decoded decode_quoted_printable(std::string_view text);

}  // namespace postern::content
