// Sender lists with wildcards.
#include "policy/sender_globs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Glob {
  std::string pattern;
  std::string text;
  bool matches;
};

class GlobMatches : public testing::TestWithParam<Glob> {};

TEST_P(GlobMatches, StarIsAnyRunAndNothingElseIsSpecial) {
  EXPECT_EQ(glob_matches(GetParam().pattern, GetParam().text), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(
    Patterns, GlobMatches,
    testing::Values(Glob{"a", "a", true}, Glob{"a", "ab", false}, Glob{"", "", true},
                    Glob{"", "a", false}, Glob{"*", "", true}, Glob{"*", "abc", true},
                    Glob{"a*", "a", true}, Glob{"a*a", "a", false}, Glob{"a*a", "aa", true},
                    Glob{"*a", "ba", true}, Glob{"*a", "ab", false}, Glob{"a**b", "ab", true},
                    Glob{"a*b*c", "aXbYc", true}, Glob{"a*b*c", "aXcYb", false},
                    Glob{"*b*b*", "b", false}, Glob{"*b*b*", "bb", true}, Glob{"?", "a", false},
                    Glob{"?", "?", true}, Glob{"[a]", "a", false}, Glob{"*ab*ab", "abab", true},
                    Glob{"*ab*ab", "ab", false},
                    // Hours for a matcher that goes back.
                    Glob{"*a*a*a*a*b", std::string(100'000, 'a'), false}));

std::string entry_for(const SenderGlobs& globs, std::string_view address) {
  const std::string* entry = globs.find(*mail::Address::parse(address));
  return entry == nullptr ? "" : *entry;
}

TEST(SenderGlobs, NameASenderByTheMostExactKindOfEntry) {
  const SenderGlobs globs({"*spam*", "*@Example.com", " Joe@example.com ", "x*@*.org",
                           "*@bücher.example", "*@*.example.net"});
  EXPECT_THAT(globs.faults(), IsEmpty());
  EXPECT_EQ(entry_for(globs, "JOE@Example.COM"), "joe@example.com");
  EXPECT_EQ(entry_for(globs, "spam@example.com"), "*@example.com");
  EXPECT_EQ(entry_for(globs, "a@sub.example.com"), "");
  EXPECT_EQ(entry_for(globs, "buyspam@d.net"), "*spam*");
  EXPECT_EQ(entry_for(globs, "xy@mail.org"), "x*@*.org");
  EXPECT_EQ(entry_for(globs, "y@mail.org"), "");
  EXPECT_EQ(entry_for(globs, "a@xn--bcher-kva.example"), "*@xn--bcher-kva.example");
  EXPECT_EQ(entry_for(globs, "a@b.example.net"), "*@*.example.net");
  EXPECT_EQ(entry_for(globs, "\"joe\"@example.com"), "joe@example.com");
}

TEST(SenderGlobs, FiveWildcardsCountAndNotASixth) {
  const SenderGlobs globs({"*a*b*c*d*@e.net", "*a*b*c*d*e*"});
  EXPECT_EQ(globs.size(), 1U);
  EXPECT_THAT(globs.faults(), ElementsAre("/1: more than 5 wildcards"));
}

TEST(SenderGlobs, AnEntryThatCanNameNobodyIsAFault) {
  const SenderGlobs globs({"example.com", "@example.com", "joe@", "", "a@b.net"});
  EXPECT_EQ(globs.size(), 1U);
  EXPECT_THAT(globs.faults(),
              ElementsAre("/0: \"example.com\" is no address", "/1: \"@example.com\" is no address",
                          "/2: \"joe@\" is no address"));
}

TEST(SenderGlobs, TheFirstThousandCount) {
  std::vector<std::string> entries;
  for (int i = 0; i < 1001; ++i) entries.push_back("u" + std::to_string(i) + "@d.net");
  const SenderGlobs globs(entries);
  EXPECT_EQ(globs.size(), 1000U);
  EXPECT_EQ(entry_for(globs, "u999@d.net"), "u999@d.net");
  EXPECT_EQ(entry_for(globs, "u1000@d.net"), "");
  EXPECT_THAT(globs.faults(), ElementsAre(": 1001 entries, the first 1000 count"));
}

}  // namespace
}  // namespace postern::policy
