// Times are written as RFC 3339 wants them, and a deadline never asks anybody to wait for ever.
#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/deadline.h"

namespace postern {
namespace {

using std::chrono::seconds;

struct TimeCase {
  long long unix_seconds;
  const char* expected;
};
class Rfc3339 : public testing::TestWithParam<TimeCase> {};

TEST_P(Rfc3339, IsUtc) {
  EXPECT_EQ(to_rfc3339(WallTime(seconds(GetParam().unix_seconds))), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(All, Rfc3339,
                         testing::Values(TimeCase{0, "1970-01-01T00:00:00Z"},
                                         TimeCase{1779724343, "2026-05-25T15:52:23Z"},
                                         TimeCase{951782400, "2000-02-29T00:00:00Z"},
                                         TimeCase{4102444799, "2099-12-31T23:59:59Z"},
                                         TimeCase{-1, "1969-12-31T23:59:59Z"}));

TEST(SystemClock, Advances) {
  const SystemClock clock;
  const SteadyTime first = clock.steady();
  EXPECT_GE(clock.steady(), first);
  EXPECT_GT(clock.wall(), WallTime(seconds(1'700'000'000)));
}

TEST(Deadline, InThePastHasNothingLeft) {
  const Deadline past = Deadline::after(Milliseconds(-5'000));
  EXPECT_TRUE(past.passed());
  EXPECT_EQ(past.remaining(), Milliseconds(0));
  EXPECT_EQ(past.poll_timeout(), 0);
}

TEST(Deadline, FarAwayIsStillNotForEver) {
  const Deadline far = Deadline::after(std::chrono::hours(24 * 365 * 100));
  EXPECT_FALSE(far.passed());
  EXPECT_EQ(far.poll_timeout(), 1'000'000);
}

TEST(Deadline, RoundsUpSoThatWaitingIsEnough) {
  const Deadline soon = Deadline(std::chrono::steady_clock::now() + std::chrono::hours(1) +
                                 std::chrono::microseconds(1));
  EXPECT_LE(soon.remaining(), std::chrono::hours(1) + Milliseconds(1));
  // However little is left, who polls for poll_timeout() does not spin.
  for (int i = 0; i < 1'000; ++i) {
    const Deadline deadline(std::chrono::steady_clock::now() + std::chrono::microseconds(i));
    const int timeout = deadline.poll_timeout();
    EXPECT_TRUE(timeout > 0 || deadline.passed());
  }
}

TEST(Deadline, SoonerWins) {
  const Deadline early = Deadline::after(seconds(1));
  const Deadline late(early.at() + seconds(1));
  EXPECT_EQ(early.sooner_of(late).at(), early.at());
  EXPECT_EQ(late.sooner_of(early).at(), early.at());
}

}  // namespace
}  // namespace postern
