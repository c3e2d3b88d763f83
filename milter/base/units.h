// Purpose:   durations and sizes as the configuration writes them.
// Units:     durations "500ms" "5s" "10m" "1h" "3d"; sizes "0" "512KiB" "21MiB" "1GiB" (powers of
//            1024) and bare bytes.
// Failure:   nothing for anything else, including negative, fractional and overflowing values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace postern {

std::optional<Milliseconds> parse_duration(std::string_view text);
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_duration(Milliseconds duration);  // the largest unit that divides it
std::string format_size(std::uint64_t bytes);        // the largest unit that divides it

}  // namespace postern
