// Purpose:   octets as hexadecimal digits, where text must say them exactly.
// Threading: pure functions.
// Failure:   from_hex() answers nothing for an odd number of digits or anything else than digits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern {

std::string to_hex(std::string_view octets);
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace postern
