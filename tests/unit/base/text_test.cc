// ASCII text is compared and cut as RFC 5321 and 5322 want it, whatever the locale.
#include "base/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern {
namespace {

using testing::ElementsAre;

TEST(Case, FoldsAsciiOnly) {
  EXPECT_EQ(ascii_lower("X-SPAM-Score_09[Z]"), "x-spam-score_09[z]");
  EXPECT_EQ(ascii_lower("\xc3\x84"), "\xc3\x84");
  EXPECT_TRUE(equals_ignoring_case("From", "fROM"));
  EXPECT_FALSE(equals_ignoring_case("From", "Fro"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
}

TEST(Prefix, IsFoundInAnyCase) {
  EXPECT_TRUE(starts_with_ignoring_case("AUTH=<>", "auth="));
  EXPECT_TRUE(starts_with_ignoring_case("x", ""));
  EXPECT_FALSE(starts_with_ignoring_case("au", "auth="));
}

TEST(Trim, TakesBlanksFromTheEndsOnly) {
  EXPECT_EQ(trim(" \t\r\na b\r\n"), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim("\v"), "\v");
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(split("a,,b,", ','), ElementsAre("a", "", "b", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split("abc", ','), ElementsAre("abc"));
}

TEST(Printable, LetsNothingThroughThatATerminalObeys) {
  EXPECT_EQ(printable("a\r\nb\x1b[31m\x7f\xc3\xa4", 100), "a??b?[31m???");
  EXPECT_EQ(printable(std::string_view("a\0b", 3), 100), "a?b");
  EXPECT_EQ(printable("abcdef", 3), "abc");
}

}  // namespace
}  // namespace postern
