// How a name stands after one look more.
#include "dns_watch/standing.h"

#include <gtest/gtest.h>

namespace postern::dns_watch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

struct Row {
  Status before;
  std::chrono::minutes ago;  // since then
  bool is_found;
  Status after;
};

TEST(Standing, AfterOneLookMore) {
  constexpr std::chrono::minutes kJustBefore = hours(72) - minutes(1);
  const Row rows[] = {
      {Status::pending, minutes(0), true, Status::success},
      {Status::pending, minutes(0), false, Status::pending},
      {Status::pending, kJustBefore, false, Status::pending},
      {Status::pending, hours(72), false, Status::failed},
      {Status::success, hours(1'000), true, Status::success},
      {Status::success, hours(1'000), false, Status::temporary_failure},
      {Status::temporary_failure, kJustBefore, false, Status::temporary_failure},
      {Status::temporary_failure, hours(72), false, Status::failed},
      {Status::temporary_failure, hours(1), true, Status::success},
      {Status::failed, hours(1), false, Status::failed},
      {Status::failed, hours(1'000), false, Status::failed},
      {Status::failed, hours(1'000), true, Status::success},
  };
  const SteadyTime begin = SteadyTime{} + hours(1);
  for (const Row& row : rows) {
    const SteadyTime now = begin + row.ago;
    const Standing after = after_look({row.before, begin}, row.is_found, now);
    EXPECT_EQ(after.status, row.after)
        << to_string(row.before) << (row.is_found ? " found" : " not found");
    EXPECT_EQ(after.since, row.before == row.after ? begin : now);
  }
}

}  // namespace
}  // namespace postern::dns_watch
