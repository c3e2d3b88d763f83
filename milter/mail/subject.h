// Purpose:   the subject prefix a policy asks for, put before a Subject without breaking it.
// Threading: pure functions.
// Source:    RelayProps.prefixSpam and .advertPrefix; RFC 2047 (encoded words stay valid).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

// The raw value a Subject field gets (without a leading space), or nothing when it is to stay as it
// is: an empty prefix, or the decoded subject already begins with it. `raw_subject` nothing: the
// message has no Subject and gets one. CR and LF are stripped from the prefix, and it is cut to 128
// octets; a prefix that is not ASCII becomes one encoded word.
std::optional<std::string> prefixed_subject(const std::optional<std::string>& raw_subject,
                                            std::string_view prefix);

// RFC 2047 decoded and unfolded, UTF-8.
std::string decode_header_text(std::string_view raw_value);

}  // namespace postern::mail
