// Durations and sizes mean what they say, and nothing that merely looks like one is taken.
#include "base/units.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

struct DurationCase {
  std::string_view text;
  std::optional<std::int64_t> milliseconds;
};
class Durations : public testing::TestWithParam<DurationCase> {};

TEST_P(Durations, AreReadExactly) {
  const auto duration = parse_duration(GetParam().text);
  ASSERT_EQ(duration.has_value(), GetParam().milliseconds.has_value()) << GetParam().text;
  if (duration) {
    EXPECT_EQ(duration->count(), *GetParam().milliseconds);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Durations,
    testing::Values(DurationCase{"500ms", 500}, DurationCase{"5s", 5'000},
                    DurationCase{"10m", 600'000}, DurationCase{"1h", 3'600'000},
                    DurationCase{"3d", 259'200'000}, DurationCase{"0s", 0},
                    DurationCase{"36525d", 3'155'760'000'000}, DurationCase{"36526d", std::nullopt},
                    DurationCase{"99999999999999999999s", std::nullopt},
                    DurationCase{"18446744073709551615ms", std::nullopt},
                    DurationCase{"5", std::nullopt}, DurationCase{"", std::nullopt},
                    DurationCase{"s", std::nullopt}, DurationCase{"-5s", std::nullopt},
                    DurationCase{"+5s", std::nullopt}, DurationCase{"1.5s", std::nullopt},
                    DurationCase{"5 s", std::nullopt}, DurationCase{" 5s", std::nullopt},
                    DurationCase{"5S", std::nullopt}, DurationCase{"5sec", std::nullopt},
                    DurationCase{"1h30m", std::nullopt}, DurationCase{"0x5s", std::nullopt}));

struct SizeCase {
  std::string_view text;
  std::optional<std::uint64_t> bytes;
};
class Sizes : public testing::TestWithParam<SizeCase> {};

TEST_P(Sizes, AreReadExactly) { EXPECT_EQ(parse_size(GetParam().text), GetParam().bytes); }

INSTANTIATE_TEST_SUITE_P(
    All, Sizes,
    testing::Values(SizeCase{"0", 0}, SizeCase{"17", 17}, SizeCase{"512KiB", 524'288},
                    SizeCase{"21MiB", 22'020'096}, SizeCase{"1GiB", 1'073'741'824},
                    SizeCase{"2TiB", 2'199'023'255'552},
                    SizeCase{"9223372036854775807", 9'223'372'036'854'775'807ULL},
                    SizeCase{"9223372036854775808", std::nullopt},
                    SizeCase{"8388608TiB", std::nullopt}, SizeCase{"", std::nullopt},
                    SizeCase{"MiB", std::nullopt}, SizeCase{"-1", std::nullopt},
                    SizeCase{"1.5MiB", std::nullopt}, SizeCase{"1MB", std::nullopt},
                    SizeCase{"1mib", std::nullopt}, SizeCase{"1 MiB", std::nullopt}));

TEST(Units, WhatIsWrittenIsReadBackTheSame) {
  for (const std::int64_t count : {0LL, 1LL, 999LL, 1'000LL, 90'000LL, 3'600'000LL, 86'400'001LL}) {
    EXPECT_EQ(parse_duration(format_duration(Milliseconds(count))), Milliseconds(count));
  }
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 22'020'096ULL, 1ULL << 50}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
}

TEST(Units, AreWrittenInTheLargestThatDivides) {
  EXPECT_EQ(format_duration(std::chrono::hours(48)), "2d");
  EXPECT_EQ(format_duration(std::chrono::minutes(90)), "90m");
  EXPECT_EQ(format_duration(Milliseconds(1500)), "1500ms");
  EXPECT_EQ(format_size(1536), "1536");
  EXPECT_EQ(format_size(1ULL << 30), "1GiB");
}

}  // namespace
}  // namespace postern
