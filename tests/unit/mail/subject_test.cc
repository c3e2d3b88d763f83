// A prefix goes before the subject once, and what was encoded stays valid.
#include "mail/subject.h"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

struct PrefixCase {
  std::optional<std::string> subject;
  std::string prefix;
  std::optional<std::string> expected;
};

class Prefixed : public testing::TestWithParam<PrefixCase> {};

TEST_P(Prefixed, Subject) {
  EXPECT_EQ(prefixed_subject(GetParam().subject, GetParam().prefix), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, Prefixed,
    testing::Values(PrefixCase{" Hello", "[SPAM]", "[SPAM] Hello"},
                    PrefixCase{"Hello", "[SPAM]", "[SPAM] Hello"},
                    PrefixCase{std::nullopt, "[SPAM]", "[SPAM]"},
                    PrefixCase{" ", "[SPAM]", "[SPAM]"}, PrefixCase{" Hello", "", std::nullopt},
                    PrefixCase{" Hello", "  ", std::nullopt},
                    PrefixCase{" [SPAM] Hello", "[SPAM]", std::nullopt},
                    PrefixCase{" =?UTF-8?Q?[SPAM]_Hello?=", "[SPAM]", std::nullopt},
                    PrefixCase{" =?UTF-8?B?SMOpbGxv?=", "[SPAM]", "[SPAM] =?UTF-8?B?SMOpbGxv?="},
                    PrefixCase{" a\n b", "[SPAM]", "[SPAM] a\n b"},
                    PrefixCase{"\n folded", "[SPAM]", "[SPAM]\n folded"},
                    PrefixCase{" Hello", "[SP\r\nAM]\r\nBcc: x@y", "[SPAM]Bcc: x@y Hello"},
                    PrefixCase{" Re: [SPAM] Hello", "[SPAM]", "[SPAM] Re: [SPAM] Hello"}));

TEST(NonAsciiPrefix, BecomesAnEncodedWord) {
  const auto subject = prefixed_subject(" Hello", "[PUBLICIT\xc3\x89]");
  ASSERT_TRUE(subject);
  EXPECT_TRUE(subject->starts_with("=?")) << *subject;
  EXPECT_EQ(decode_header_text(*subject), "[PUBLICIT\xc3\x89] Hello");
  EXPECT_EQ(prefixed_subject(" " + *subject, "[PUBLICIT\xc3\x89]"), std::nullopt);
}

TEST(LongPrefix, IsCutAt128OctetsBetweenCharacters) {
  std::string prefix;
  for (int i = 0; i < 100; ++i) prefix += "\xc3\xa9";
  const auto subject = prefixed_subject(" Hello", prefix);
  ASSERT_TRUE(subject);
  std::string cut = prefix.substr(0, 128);
  EXPECT_EQ(decode_header_text(*subject), cut + " Hello");
  EXPECT_EQ(subject->find('\r'), std::string::npos);
}

}  // namespace
}  // namespace postern::mail
