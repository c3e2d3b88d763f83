// Purpose:   octets <-> text that survives being written in the other case, and is short enough for
//            the local part of an address.
// Threading: pure functions.
// Failure:   from_base32() answers nothing for text that to_base32() never writes, in either case:
//            there is one text per value.
// Source:    RFC 4648, 6, in lower case and without padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern {

std::string to_base32(std::string_view octets);
std::optional<std::string> from_base32(std::string_view text);

}  // namespace postern
