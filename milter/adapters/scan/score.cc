#include "adapters/scan/score.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "base/text.h"

namespace postern::scan {

std::optional<policy::MilliScore> to_milli_score(double score, double scale) {
  const double scaled = score * scale;
  if (!std::isfinite(scaled) || std::fabs(scaled) > kLargestScore) return std::nullopt;
  return std::llround(scaled * 1000);
}

std::optional<policy::MilliScore> parse_score(std::string_view text, double scale) {
  text = trim(text);
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  // from_chars would read "inf" and "nan", and a '-' after our '+'.
  const std::size_t first = !plus && text.starts_with('-') ? 1 : 0;
  if (first >= text.size() || !(text[first] == '.' || (text[first] >= '0' && text[first] <= '9'))) {
    return std::nullopt;
  }
  double score = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, score, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  if (stop != end && *stop != '/' && *stop != ' ' && *stop != '\t' && *stop != '\r' &&
      *stop != '\n') {
    return std::nullopt;
  }
  return to_milli_score(score, scale);
}

}  // namespace postern::scan
