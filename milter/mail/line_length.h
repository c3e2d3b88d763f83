// Purpose:   the form in which Postfix will send a message with over-long lines, so that what is
//            signed is what is sent.
// Source:    Postfix smtp(8), smtp_line_length_limit = 998: CRLF and a space after every 998
//            octets, the space counting for the next line, in header and body alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

inline constexpr std::size_t kSmtpLineLimit = 998;  // RFC 5321 4.5.3.1.6, without CRLF

// Nothing when no line is over the limit. `body` has CRLF line ends.
std::optional<std::string> break_long_body_lines(std::string_view body);
// The same for a header field; answers the new value (folds are LF + WSP).
std::optional<std::string> break_long_header_lines(std::string_view name, std::string_view value);

}  // namespace postern::mail
