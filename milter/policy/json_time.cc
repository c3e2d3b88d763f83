#include <charconv>

#include "policy/json_reader.h"

namespace postern::policy {
namespace {

using std::chrono::system_clock;

constexpr std::int64_t kFirstMillisecondValue = 100'000'000'000;  // as seconds: the year 5138
constexpr std::int64_t kLatestSecond = 7'258'118'400;             // 2200-01-01

// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  const char* end = text.data() + digits;
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || text.front() == '-') return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_days> take_date(std::string_view& text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::milliseconds> take_time_of_day(std::string_view& text) {
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute) return std::nullopt;
  int second = 0;
  int milliseconds = 0;
  if (take(text, ':')) {
    const auto given = take_number(text, 2);
    if (!given) return std::nullopt;
    second = *given;
    if (take(text, '.')) {
      if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
      for (int weight = 100; !text.empty() && text.front() >= '0' && text.front() <= '9';
           weight /= 10) {
        milliseconds += (text.front() - '0') * weight;
        text.remove_prefix(1);
      }
    }
  }
  if (*hour > 23 || *minute > 59 || second > 60) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(second) +
         std::chrono::milliseconds(milliseconds);
}

// What the written time is ahead of UTC.
std::optional<std::chrono::minutes> take_zone(std::string_view& text) {
  if (text.empty() || take(text, 'Z') || take(text, 'z')) return std::chrono::minutes(0);
  const bool east = text.front() == '+';
  if (!take(text, '+') && !take(text, '-')) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours) return std::nullopt;
  int minutes = 0;
  if (take(text, ':') || !text.empty()) {
    const auto given = take_number(text, 2);
    if (!given) return std::nullopt;
    minutes = *given;
  }
  if (*hours > 23 || minutes > 59) return std::nullopt;
  const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(minutes);
  return east ? offset : -offset;
}

}  // namespace

std::optional<system_clock::time_point> time_from_epoch(std::int64_t value) {
  if (value < 0) return std::nullopt;
  if (value >= kFirstMillisecondValue) {
    if (value / 1000 > kLatestSecond) return std::nullopt;
    return system_clock::time_point(std::chrono::milliseconds(value));
  }
  if (value > kLatestSecond) return std::nullopt;
  return system_clock::time_point(std::chrono::seconds(value));
}

std::optional<system_clock::time_point> time_from_iso8601(std::string_view text) {
  const auto date = take_date(text);
  if (!date) return std::nullopt;
  auto time = std::chrono::time_point_cast<std::chrono::milliseconds>(*date);
  if (take(text, 'T') || take(text, 't') || take(text, ' ')) {
    const auto of_day = take_time_of_day(text);
    if (!of_day) return std::nullopt;
    const auto zone = take_zone(text);
    if (!zone) return std::nullopt;
    time += *of_day - *zone;
  }
  if (!text.empty()) return std::nullopt;
  const auto since = time.time_since_epoch();
  if (since.count() < 0 || since > std::chrono::seconds(kLatestSecond)) return std::nullopt;
  return system_clock::time_point(since);
}

}  // namespace postern::policy
