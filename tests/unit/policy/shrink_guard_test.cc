#include "policy/shrink_guard.h"

#include <gtest/gtest.h>

namespace postern::policy {
namespace {

TypeCounts counts(std::size_t domains, std::size_t users) {
  TypeCounts counts{};
  counts[static_cast<std::size_t>(DocumentType::domain)] = domains;
  counts[static_cast<std::size_t>(DocumentType::user)] = users;
  return counts;
}

struct Change {
  TypeCounts before;
  TypeCounts after;
  double share;
  std::string_view refusal;  // empty: let through
};

class ShrinkGuard : public testing::TestWithParam<Change> {};

TEST_P(ShrinkGuard, LetsThroughOrNamesWhatWouldBeLost) {
  const auto& change = GetParam();
  EXPECT_EQ(refuse_shrink(change.before, change.after, change.share).value_or(""), change.refusal);
}

INSTANTIATE_TEST_SUITE_P(
    Changes, ShrinkGuard,
    testing::Values(
        Change{counts(0, 0), counts(0, 0), 0.5, ""}, Change{counts(0, 0), counts(9, 9), 0, ""},
        Change{counts(10, 500), counts(10, 250), 0.5, ""},
        Change{counts(10, 500), counts(10, 249), 0.5,
               "user: 249 of 500 would remain (shrink_guard 0.5)"},
        Change{counts(10, 500), counts(0, 0), 0.5,
               "domain: 0 of 10 would remain, user: 0 of 500 would remain (shrink_guard 0.5)"},
        // What grows does not make up for what is lost.
        Change{counts(10, 500), counts(1000, 12), 0.5,
               "user: 12 of 500 would remain (shrink_guard 0.5)"},
        // "Exactly the share" is allowed, whatever the share is in binary.
        Change{counts(10, 0), counts(9, 0), 0.1, ""}, Change{counts(10, 0), counts(7, 0), 0.3, ""},
        Change{counts(10, 0), counts(6, 0), 0.3, "domain: 6 of 10 would remain (shrink_guard 0.3)"},
        Change{counts(10, 0), counts(9, 0), 0, "domain: 9 of 10 would remain (shrink_guard 0)"},
        Change{counts(10, 500), counts(0, 0), 1, ""}));

}  // namespace
}  // namespace postern::policy
