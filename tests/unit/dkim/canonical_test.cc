#include "adapters/dkim/canonical.h"

#include <gtest/gtest.h>

namespace postern::dkim {
namespace {

std::string body(std::string_view text, Canonicalization how) {
  std::string canonical;
  canonical_body(text, how, [&canonical](std::string_view piece) { canonical += piece; });
  return canonical;
}

struct HeaderCase {
  std::string name;
  std::string value;
  std::string relaxed;
  std::string simple;
};

class CanonicalHeader : public testing::TestWithParam<HeaderCase> {};

TEST_P(CanonicalHeader, IsAsTheRfcSays) {
  const HeaderCase& c = GetParam();
  EXPECT_EQ(canonical_header(c.name, c.value, Canonicalization::relaxed), c.relaxed);
  EXPECT_EQ(canonical_header(c.name, c.value, Canonicalization::simple), c.simple);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, CanonicalHeader,
    testing::Values(
        // RFC 6376 3.4.5
        HeaderCase{"A", " X", "a:X", "A: X"},
        HeaderCase{"B ", " Y\t\n\tZ  ", "b:Y Z", "B : Y\t\r\n\tZ  "},
        HeaderCase{"Subject", "no space", "subject:no space", "Subject:no space"},
        HeaderCase{"Subject", "", "subject:", "Subject:"},
        HeaderCase{"Subject", " \t ", "subject:", "Subject: \t "},
        HeaderCase{"Subject", "\n folded at once", "subject:folded at once",
                   "Subject:\r\n folded at once"},
        HeaderCase{"SUBJECT", " a  b\t\tc", "subject:a b c", "SUBJECT: a  b\t\tc"},
        HeaderCase{"Subject", " \xe2\x82\xac", "subject:\xe2\x82\xac", "Subject: \xe2\x82\xac"},
        // The MTA writes a tab where a fold has no white space.
        HeaderCase{"Subject", " a\nb", "subject:a b", "Subject: a\r\n\tb"}));

struct BodyCase {
  std::string text;
  std::string relaxed;
  std::string simple;
};

class CanonicalBody : public testing::TestWithParam<BodyCase> {};

TEST_P(CanonicalBody, IsAsTheRfcSays) {
  const BodyCase& c = GetParam();
  EXPECT_EQ(body(c.text, Canonicalization::relaxed), c.relaxed);
  EXPECT_EQ(body(c.text, Canonicalization::simple), c.simple);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, CanonicalBody,
    testing::Values(
        // RFC 6376 3.4.5
        BodyCase{" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n", " C \r\nD \t E\r\n"},
        BodyCase{"", "", "\r\n"}, BodyCase{"\r\n", "", "\r\n"}, BodyCase{"\r\n\r\n", "", "\r\n"},
        BodyCase{"a", "a\r\n", "a\r\n"}, BodyCase{"a \t", "a\r\n", "a \t\r\n"},
        BodyCase{"a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n", "a\r\n\r\nb\r\n"},
        BodyCase{" \r\n\t\r\n", "", " \r\n\t\r\n"},
        BodyCase{" \r\n\t\r\nx", "\r\n\r\nx\r\n", " \r\n\t\r\nx\r\n"},
        BodyCase{"a\tb  c\r\n", "a b c\r\n", "a\tb  c\r\n"},
        BodyCase{"\ta\r\n", " a\r\n", "\ta\r\n"},
        // Only CRLF ends a line.
        BodyCase{"a\rb\nc \n\r\n", "a\rb\nc \n\r\n", "a\rb\nc \n\r\n"},
        BodyCase{"a\r", "a\r\r\n", "a\r\r\n"},
        BodyCase{std::string("\0 \0\r\n", 5), std::string("\0 \0\r\n", 5),
                 std::string("\0 \0\r\n", 5)}));

}  // namespace
}  // namespace postern::dkim
