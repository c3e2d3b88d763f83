#include "base/clock.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace postern {

std::string to_rfc3339(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm civil{};
  gmtime_r(&seconds, &civil);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &civil);
  return std::string(text, length);
}

std::string to_rfc5322_date(WallTime time) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm civil{};
  gmtime_r(&seconds, &civil);
  char text[64];
  std::snprintf(text, sizeof text, "%s, %d %s %d %02d:%02d:%02d +0000",
                kDays[static_cast<std::size_t>(civil.tm_wday)], civil.tm_mday,
                kMonths[static_cast<std::size_t>(civil.tm_mon)], civil.tm_year + 1900,
                civil.tm_hour, civil.tm_min, civil.tm_sec);
  return text;
}

}  // namespace postern
