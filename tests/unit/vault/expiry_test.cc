// Quarantine and retention count days, archives calendar months.
#include "adapters/vault/expiry.h"

#include <gtest/gtest.h>

#include <limits>

namespace postern::vault {
namespace {

using ports::Purpose;
using std::chrono::year;

constexpr int kMost = std::numeric_limits<int>::max();

struct ExpiryCase {
  Purpose purpose;
  std::chrono::year_month_day received;
  int duration;
  std::optional<std::chrono::year_month_day> expires;
};

TEST(Expiry, Table) {
  const ExpiryCase cases[] = {
      {Purpose::quarantine, year(2026) / 5 / 25, 1, year(2026) / 5 / 26},
      {Purpose::quarantine, year(2026) / 5 / 25, 31, year(2026) / 6 / 25},
      {Purpose::quarantine, year(2024) / 2 / 28, 1, year(2024) / 2 / 29},
      {Purpose::retention, year(2026) / 12 / 30, 5, year(2027) / 1 / 4},
      {Purpose::archive, year(2026) / 5 / 25, 1, year(2026) / 6 / 25},
      {Purpose::archive, year(2026) / 1 / 31, 1, year(2026) / 2 / 28},
      {Purpose::archive, year(2024) / 1 / 31, 1, year(2024) / 2 / 29},
      {Purpose::archive, year(2024) / 2 / 29, 12, year(2025) / 2 / 28},
      {Purpose::archive, year(2024) / 2 / 29, 48, year(2028) / 2 / 29},
      {Purpose::archive, year(2026) / 8 / 31, 3, year(2026) / 11 / 30},
      {Purpose::archive, year(2026) / 10 / 31, 3, year(2027) / 1 / 31},
      {Purpose::archive, year(2026) / 12 / 1, 48, year(2030) / 12 / 1},
      {Purpose::archive, year(2026) / 12 / 1, 2400, year(2226) / 12 / 1},
      {Purpose::quarantine, year(2026) / 5 / 25, 0, std::nullopt},
      {Purpose::archive, year(2026) / 5 / 25, 0, std::nullopt},
      {Purpose::quarantine, year(2026) / 5 / 25, -1, std::nullopt},
      {Purpose::archive, year(2026) / 5 / 25, -12, std::nullopt},
      {Purpose::quarantine, year(2026) / 5 / 25, kMost, std::nullopt},
      {Purpose::archive, year(2026) / 5 / 25, kMost, std::nullopt},
  };
  const auto time_of_day = std::chrono::hours(23) + std::chrono::minutes(59);
  for (const ExpiryCase& test : cases) {
    SCOPED_TRACE(std::string(to_string(test.purpose)) + " " + std::to_string(test.duration));
    std::optional<WallTime> expected;
    if (test.expires) expected = std::chrono::sys_days{*test.expires} + time_of_day;
    EXPECT_EQ(
        expiry_of(test.purpose, test.duration, std::chrono::sys_days{test.received} + time_of_day),
        expected);
  }
}

}  // namespace
}  // namespace postern::vault
