#include "adapters/vault/expiry.h"

#include <chrono>

namespace postern::vault {
namespace {

// The clock itself ends in 2262.
constexpr int kMostYears = 200;

WallTime add_months(WallTime time, int months) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date{day};
  date += std::chrono::months(months);
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return std::chrono::sys_days{date} + (time - day);
}

}  // namespace

std::optional<WallTime> expiry_of(ports::Purpose purpose, int duration, WallTime received) {
  if (duration <= 0) return std::nullopt;
  switch (purpose) {
    case ports::Purpose::quarantine:
    case ports::Purpose::retention:
      if (duration > kMostYears * 365) return std::nullopt;
      return received + std::chrono::days(duration);
    case ports::Purpose::archive:
      if (duration > kMostYears * 12) return std::nullopt;
      return add_months(received, duration);
  }
  return std::nullopt;
}

}  // namespace postern::vault
