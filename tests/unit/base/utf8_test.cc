// Whatever bytes come in, what goes out is UTF-8 and stays on its line.
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace postern {
namespace {

#define BAD "\xef\xbf\xbd"
#define CUT "\xe2\x80\xa6"

struct Utf8Case {
  std::string_view given;
  std::string_view expected;
};
class ValidUtf8 : public testing::TestWithParam<Utf8Case> {};

TEST_P(ValidUtf8, ReplacesWhatIsNone) {
  EXPECT_EQ(valid_utf8(GetParam().given, 100), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(All, ValidUtf8,
                         testing::Values(Utf8Case{"", ""}, Utf8Case{"plain", "plain"},
                                         Utf8Case{"\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7",
                                                  "\xc3\xa4\xe2\x82\xac\xf0\x9f\x93\xa7"},
                                         Utf8Case{"a\xff"
                                                  "b",
                                                  "a" BAD "b"},
                                         Utf8Case{"\x80", BAD}, Utf8Case{"\xc3", BAD},
                                         Utf8Case{"\xc3(", BAD "("}, Utf8Case{"\xe2\x82", BAD BAD},
                                         // Overlong forms, surrogates, beyond Unicode.
                                         Utf8Case{"\xc0\xaf", BAD BAD},
                                         Utf8Case{"\xe0\x80\xaf", BAD BAD BAD},
                                         Utf8Case{"\xed\xa0\x80", BAD BAD BAD},
                                         Utf8Case{"\xf4\x90\x80\x80", BAD BAD BAD BAD},
                                         Utf8Case{"\xf8\x88\x80\x80\x80", BAD BAD BAD BAD BAD}));

class SingleLine : public testing::TestWithParam<Utf8Case> {};

TEST_P(SingleLine, EscapesWhatDisturbsALine) {
  EXPECT_EQ(single_line(GetParam().given, 100), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    All, SingleLine,
    testing::Values(Utf8Case{"a\nb\r\tc", "a\\nb\\r\\tc"}, Utf8Case{"\x1b[31m", "\\x1b[31m"},
                    Utf8Case{std::string_view("\0", 1), "\\x00"}, Utf8Case{"\x7f", "\\x7f"},
                    Utf8Case{"\\n", "\\\\n"},
                    // C1 control (CSI), line separator, right-to-left override, byte order mark.
                    Utf8Case{"\xc2\x9b", "\\u009b"}, Utf8Case{"\xe2\x80\xa8", "\\u2028"},
                    Utf8Case{"\xe2\x80\xae", "\\u202e"}, Utf8Case{"\xef\xbb\xbf", "\\ufeff"},
                    Utf8Case{"\xff\n", BAD "\\n"}, Utf8Case{"\xc3\xa4", "\xc3\xa4"}));

TEST(Cutting, NeverCutsACharacterInTwo) {
  EXPECT_EQ(valid_utf8("abc", 3), "abc");
  EXPECT_EQ(valid_utf8("abcd", 3), "abc" CUT);
  EXPECT_EQ(valid_utf8("ab\xc3\xa4", 3), "ab" CUT);
  EXPECT_EQ(valid_utf8("abc", 0), CUT);
}

TEST(RandomBytes, AlwaysComeOutAsUtf8OnOneLine) {
  std::mt19937 random(7);
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string line = single_line(bytes, 30);
    // The JSON library refuses what is not UTF-8: a second opinion.
    EXPECT_NO_THROW(nlohmann::json(line).dump());
    EXPECT_NO_THROW(nlohmann::json(valid_utf8(bytes, 30)).dump());
    for (const char c : line) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
  }
}

}  // namespace
}  // namespace postern
