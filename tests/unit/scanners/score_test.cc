#include "adapters/scan/score.h"

#include <gtest/gtest.h>

#include <limits>

namespace postern::scan {
namespace {

struct Case {
  std::string_view text;
  double scale;
  std::optional<policy::MilliScore> expected;
};

class ParseScore : public testing::TestWithParam<Case> {};

TEST_P(ParseScore, GivesThousandthsOrNothing) {
  EXPECT_EQ(parse_score(GetParam().text, GetParam().scale), GetParam().expected)
      << '"' << GetParam().text << '"';
}

INSTANTIATE_TEST_SUITE_P(Numbers, ParseScore,
                         testing::Values(Case{"7.2", 1, 7200}, Case{"0", 1, 0},
                                         Case{"-1.5", 1, -1500}, Case{"+3", 1, 3000},
                                         Case{".5", 1, 500}, Case{"5.", 1, 5000},
                                         Case{" \t7.6\r\n", 1, 7600}, Case{"7.2 / 5.0", 1, 7200},
                                         Case{"7.2/5.0", 1, 7200}, Case{"6.8 (whatever)", 1, 6800},
                                         Case{"6.8\n\tfolded", 1, 6800}, Case{"-0.0004", 1, 0},
                                         Case{"4.9996", 1, 5000}, Case{"1000.0", 1, 1'000'000},
                                         Case{"7.2", 0.5, 3600}, Case{"7.2", 10, 72'000},
                                         Case{"0000007.2", 1, 7200}, Case{"3", 0, 0}));

INSTANTIATE_TEST_SUITE_P(Nonsense, ParseScore,
                         testing::Values(Case{"", 1, {}}, Case{" ", 1, {}}, Case{"high", 1, {}},
                                         Case{"score=7.2", 1, {}}, Case{"7.2x", 1, {}},
                                         Case{"7,2", 1, {}}, Case{"7.2.1", 1, {}},
                                         Case{"nan", 1, {}}, Case{"NaN", 1, {}}, Case{"inf", 1, {}},
                                         Case{"-inf", 1, {}}, Case{"+-3", 1, {}},
                                         Case{"--3", 1, {}}, Case{"+", 1, {}}, Case{"-", 1, {}},
                                         Case{".", 1, {}}, Case{"1e3", 1, {}}, Case{"0x10", 1, {}},
                                         Case{"/5.0", 1, {}}, Case{"99999999999", 1, {}},
                                         Case{"-99999999999", 1, {}}, Case{"500000000", 10, {}},
                                         Case{"\xef\xbc\x97", 1, {}}));

TEST(ToMilliScore, RefusesWhatIsNoNumber) {
  EXPECT_EQ(to_milli_score(std::numeric_limits<double>::quiet_NaN(), 1), std::nullopt);
  EXPECT_EQ(to_milli_score(std::numeric_limits<double>::infinity(), 1), std::nullopt);
  EXPECT_EQ(to_milli_score(1e300, 1e300), std::nullopt);
  EXPECT_EQ(to_milli_score(7.2, 1), 7200);
}

}  // namespace
}  // namespace postern::scan
