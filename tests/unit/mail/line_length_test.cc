#include "mail/line_length.h"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

std::string x(std::size_t count) { return std::string(count, 'x'); }

struct Case {
  std::string text;
  std::optional<std::string> expected;
};

class LongBodyLines : public testing::TestWithParam<Case> {};

TEST_P(LongBodyLines, AreBrokenAsSmtpBreaksThem) {
  EXPECT_EQ(break_long_body_lines(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, LongBodyLines,
    testing::Values(Case{"", {}}, Case{"\r\n", {}}, Case{x(998), {}}, Case{x(998) + "\r\n", {}},
                    Case{x(998) + "\r\n" + x(998) + "\r\n", {}},
                    Case{x(999) + "\r\n", x(998) + "\r\n x\r\n"}, Case{x(999), x(998) + "\r\n x"},
                    // The space counts for the next line.
                    Case{x(998 + 997) + "\r\n", x(998) + "\r\n " + x(997) + "\r\n"},
                    Case{x(998 + 998) + "\r\n", x(998) + "\r\n " + x(997) + "\r\n x\r\n"},
                    Case{"short\r\n" + x(1000) + "\r\nshort\r\n" + x(1001) + "\r\n\r\n",
                         "short\r\n" + x(998) + "\r\n xx\r\nshort\r\n" + x(998) +
                             "\r\n xxx\r\n\r\n"},
                    // At exact octets, inside words and characters, blanks or not.
                    Case{x(997) + "\xc3\xbc\r\n", x(997) + "\xc3\r\n \xbc\r\n"},
                    Case{x(997) + "  y\r\n", x(997) + " \r\n  y\r\n"},
                    // Only CRLF ends a line.
                    Case{x(500) + "\n" + x(499) + "\r\n", x(500) + "\n" + x(497) + "\r\n xx\r\n"}));

TEST(LongBodyLines, OnceBrokenStayAsTheyAre) {
  const auto broken = break_long_body_lines(x(123'456) + "\r\n");
  ASSERT_TRUE(broken);
  EXPECT_EQ(break_long_body_lines(*broken), std::nullopt);
}

class LongHeaderLines : public testing::TestWithParam<Case> {};

TEST_P(LongHeaderLines, AreBrokenAsSmtpBreaksThem) {
  EXPECT_EQ(break_long_header_lines("Subject", GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Values, LongHeaderLines,
    testing::Values(Case{"", {}}, Case{x(990), {}},
                    // "Subject:" counts on the first line.
                    Case{x(991), x(990) + "\n x"}, Case{" " + x(990), " " + x(989) + "\n x"},
                    Case{" one\n " + x(997), {}},
                    Case{" one\n " + x(998) + "\n two", " one\n " + x(997) + "\n x\n two"},
                    Case{x(990 + 997 + 1), x(990) + "\n " + x(997) + "\n x"}));

}  // namespace
}  // namespace postern::mail
