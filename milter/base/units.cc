#include "base/units.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace postern {
namespace {

using Unit = std::pair<std::string_view, std::uint64_t>;
constexpr std::array<Unit, 5> kDurations = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 5> kSizes = {
    {{"TiB", 1ULL << 40}, {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"", 1}}};

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, N>& units,
                                   std::uint64_t limit) {
  std::uint64_t count = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc() || text.empty()) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(last - end));
  for (const auto& [name, factor] : units) {
    if (suffix != name) continue;
    if (count > limit / factor) return std::nullopt;
    return count * factor;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string format(std::uint64_t value, const std::array<Unit, N>& units) {
  for (const auto& [name, factor] : units) {
    if (value != 0 && value % factor == 0)
      return std::to_string(value / factor) + std::string(name);
  }
  return "0" + std::string(units.back().first);
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
  // A hundred years: more is a slip of the pen, and less cannot overflow a time point.
  const auto value = parse(text, kDurations, 36'525ULL * 86'400'000ULL);
  if (!value) return std::nullopt;
  return Milliseconds(static_cast<std::int64_t>(*value));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse(text, kSizes, std::numeric_limits<std::int64_t>::max());
}

std::string format_duration(Milliseconds duration) {
  return format(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::string format_size(std::uint64_t bytes) { return format(bytes, kSizes); }

}  // namespace postern
