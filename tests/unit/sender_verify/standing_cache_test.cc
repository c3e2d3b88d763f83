// How long an answer is believed, and when it is asked again.
#include "adapters/sender_verify/standing_cache.h"

#include <gtest/gtest.h>

#include "support/manual_clock.h"

namespace postern::sender_verify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Verdict = decide::SenderStanding::Verdict;

struct Life {
  Verdict verdict;
  Milliseconds fresh;
  Milliseconds believed;
};

TEST(StandingCache, BelievesAsLongAsAgreed) {
  for (const Life& life : {Life{Verdict::exists, hours(7 * 24), hours(31 * 24)},
                           Life{Verdict::does_not_exist, hours(3), hours(3 * 24)},
                           Life{Verdict::unknown, minutes(15), minutes(15)}}) {
    test::ManualClock clock;
    StandingCache cache({}, 10);
    cache.store("a", {life.verdict, "why"}, clock.steady());
    clock.advance(life.fresh - Milliseconds(1));
    ASSERT_TRUE(cache.find("a", clock.steady()));
    EXPECT_TRUE(cache.find("a", clock.steady())->fresh);
    EXPECT_EQ(cache.find("a", clock.steady())->standing.verdict, life.verdict);
    EXPECT_EQ(cache.find("a", clock.steady())->standing.why, "why");
    if (life.believed > life.fresh) {
      clock.advance(Milliseconds(1));
      ASSERT_TRUE(cache.find("a", clock.steady()));
      EXPECT_FALSE(cache.find("a", clock.steady())->fresh);
      clock.advance(life.believed - life.fresh - Milliseconds(1));
      EXPECT_TRUE(cache.find("a", clock.steady()));
    }
    clock.advance(Milliseconds(1));
    EXPECT_FALSE(cache.find("a", clock.steady()));
    EXPECT_EQ(cache.size(), 0U);
  }
}

TEST(StandingCache, AProbeThatToldNothingTakesNoAnswerAway) {
  test::ManualClock clock;
  StandingCache cache({}, 10);
  cache.store("a", {Verdict::exists, ""}, clock.steady());
  clock.advance(hours(8 * 24));
  EXPECT_EQ(cache.store("a", {Verdict::unknown, "timed out"}, clock.steady()).verdict,
            Verdict::exists);
  EXPECT_TRUE(cache.find("a", clock.steady())->fresh) << "not asked again at once";
  clock.advance(minutes(15));
  EXPECT_FALSE(cache.find("a", clock.steady())->fresh);
  // It does not live longer for it.
  clock.advance(hours(23 * 24));
  EXPECT_FALSE(cache.find("a", clock.steady()));
}

TEST(StandingCache, ANewAnswerReplacesAnOldOne) {
  test::ManualClock clock;
  StandingCache cache({}, 10);
  cache.store("a", {Verdict::does_not_exist, "550"}, clock.steady());
  cache.store("a", {Verdict::exists, ""}, clock.steady());
  EXPECT_EQ(cache.find("a", clock.steady())->standing.verdict, Verdict::exists);
  clock.advance(hours(30 * 24));
  EXPECT_TRUE(cache.find("a", clock.steady()));
  EXPECT_EQ(cache.size(), 1U);
}

TEST(StandingCache, ForgetsTheOneUsedLongestAgo) {
  const test::ManualClock clock;
  StandingCache cache({}, 2);
  cache.store("a", {Verdict::exists, ""}, clock.steady());
  cache.store("b", {Verdict::exists, ""}, clock.steady());
  cache.find("a", clock.steady());
  cache.store("c", {Verdict::exists, ""}, clock.steady());
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_TRUE(cache.find("a", clock.steady()));
  EXPECT_FALSE(cache.find("b", clock.steady()));
  EXPECT_TRUE(cache.find("c", clock.steady()));
  StandingCache none({}, 0);
  none.store("a", {Verdict::exists, ""}, clock.steady());
  EXPECT_EQ(none.size(), 0U);
}

}  // namespace
}  // namespace postern::sender_verify
