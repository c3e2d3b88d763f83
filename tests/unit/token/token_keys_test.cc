// The key file: a line each, base64, the first signs; a fault is named by its line, never by its
// text.
#include <gmock/gmock.h>

#include "base/signed_token.h"

namespace postern {
namespace {

using testing::HasSubstr;
using testing::Not;

// base64 of "0123456789abcdef", "fedcba9876543210", 17 and 18 octets of 'a', 15 of 'a'.
constexpr const char* kFirst = "MDEyMzQ1Njc4OWFiY2RlZg==";
constexpr const char* kSecond = "ZmVkY2JhOTg3NjU0MzIxMA==";
constexpr const char* kSeventeen = "YWFhYWFhYWFhYWFhYWFhYWE=";
constexpr const char* kEighteen = "YWFhYWFhYWFhYWFhYWFhYWFh";
constexpr const char* kFifteen = "YWFhYWFhYWFhYWFhYWFh";

struct KeysCase {
  std::string text;
  std::vector<std::string> keys;
};

TEST(TokenKeys, AreReadInTheirOrder) {
  const std::string first = kFirst;
  const KeysCase cases[] = {
      {first, {"0123456789abcdef"}},
      {first + "\n", {"0123456789abcdef"}},
      {first + "\r\n", {"0123456789abcdef"}},
      {"# a comment\n\n  " + first + "\t\n" + kSecond + "\n",
       {"0123456789abcdef", "fedcba9876543210"}},
      {kSeventeen, {std::string(17, 'a')}},
      {kEighteen, {std::string(18, 'a')}},
      {"AAAAAAAAAAAAAAAAAAAAAA==", {std::string(16, '\0')}},
      {"/////////////////////w==", {std::string(16, '\xff')}},
  };
  for (const KeysCase& test : cases) {
    const auto keys = parse_token_keys(test.text);
    ASSERT_TRUE(keys) << test.text << keys.error().what;
    std::vector<std::string> revealed;
    for (const Secret& key : *keys) revealed.emplace_back(key.reveal());
    EXPECT_EQ(revealed, test.keys) << test.text;
  }
}

struct FaultCase {
  const char* name;
  std::string text;
  std::string named;
};

TEST(TokenKeys, FaultsAreNamedByTheirLine) {
  const std::string good = std::string(kFirst) + "\n";
  const FaultCase cases[] = {
      {"no base64", "my secret passphrase\n", "line 1: not base64"},
      {"on the third line", good + "# comment\n!!!!\n", "line 3: not base64"},
      {"a length that cannot be", good + "MDEyMzQ1Njc4OWFiY2RlZg=\n", "line 2: not base64"},
      {"two keys in a line", std::string(kFirst) + " " + kSecond, "line 1: not base64"},
      {"two keys joined", std::string(kFirst) + kSecond, "line 1: not base64"},
      {"padding in the middle", "MDEyMzQ1Njc4OW=iY2RlZmdo", "line 1: not base64"},
      {"padding alone", good + "====", "line 2: not base64"},
      {"the URL alphabet", "_____________________w==", "line 1: not base64"},
      {"too short", good + kFifteen, "line 2: a key needs at least 16 octets"},
      {"nothing", "", "no key"},
      {"comments alone", "# one\n\n# two\n", "no key"},
  };
  for (const FaultCase& test : cases) {
    const auto keys = parse_token_keys(test.text);
    ASSERT_FALSE(keys) << test.name;
    EXPECT_THAT(keys.error().what, HasSubstr(test.named)) << test.name;
    EXPECT_THAT(keys.error().what, Not(HasSubstr("passphrase"))) << test.name;
    EXPECT_THAT(keys.error().what, Not(HasSubstr("MDEy"))) << test.name;
  }
}

}  // namespace
}  // namespace postern
