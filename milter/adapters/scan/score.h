// Purpose:   what every scanner does with the numbers an engine writes: decimal text to
//            thousandths.
// Threading: pure functions.
// Units:     thousandths of a point, already multiplied by the scanner's scale.
// Failure:   nothing for what is no number, or no plausible one: an engine that answers nonsense is
//            unavailable, never "0".
#pragma once

#include <optional>
#include <string_view>

#include "policy/documents.h"

namespace postern::scan {

// No engine counts this far; beyond it a number is nonsense, and far below where llround overflows.
inline constexpr double kLargestScore = 1e9;

// NaN, infinities and anything whose scaled value is over kLargestScore: nothing.
std::optional<policy::MilliScore> to_milli_score(double score, double scale);

// A decimal number with an optional sign, alone or followed by white space or '/' ("7.2", "+7.2
// / 5.0",
// "-0.5/5"). Surrounding white space is skipped. The locale is not asked; an exponent is refused.
std::optional<policy::MilliScore> parse_score(std::string_view text, double scale);

}  // namespace postern::scan
