// A token proves its purpose, its fields and its expiry, and nothing else passes for it.
#include "base/signed_token.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace postern {
namespace {

const std::vector<Secret> kKeys = {Secret("0123456789abcdef"), Secret("fedcba9876543210")};
const WallTime kExpires{std::chrono::seconds(1'780'000'000)};
const std::vector<std::string> kFields = {"id", "alice@example.net", "bob@got.com"};

std::string genuine() { return make_token("bounce", kFields, kExpires, kKeys); }

TEST(SignedToken, StatesItsExpiryAndAnHmac) {
  const std::string token = genuine();
  ASSERT_EQ(token.size(), 10 + 1 + 64);
  EXPECT_EQ(token.substr(0, 11), "1780000000.");
  EXPECT_EQ(token.find_first_not_of("0123456789abcdef", 11), std::string::npos);
}

// Computed with Python's hmac: the format is the same on all nodes and in all versions.
TEST(SignedToken, KnownAnswer) {
  EXPECT_EQ(genuine(),
            "1780000000."
            "386ff035a2e75b66bb46d22e2f994969d17ab60879e7288dd390c5ba9478c4de");
}

// Computed likewise: every node draws the same.
TEST(KeyedHash, KnownAnswer) {
  EXPECT_EQ(keyed_hash("purpose", "text", kKeys.front()), 17753574856504356794U);
  EXPECT_NE(keyed_hash("purpose", "text", kKeys.back()), 17753574856504356794U);
  EXPECT_NE(keyed_hash("purposetext", "", kKeys.front()), 17753574856504356794U);
}

TEST(SignedToken, IsValidUntilItsExpiry) {
  const auto at = [](Milliseconds later) {
    return verify_token(genuine(), "bounce", kFields, kExpires + later, kKeys);
  };
  EXPECT_EQ(at(Milliseconds(-3'600'000)), TokenVerdict::valid);
  EXPECT_EQ(at(Milliseconds(-1)), TokenVerdict::valid);
  EXPECT_EQ(at(Milliseconds(0)), TokenVerdict::expired);
  EXPECT_EQ(at(Milliseconds(3'600'000)), TokenVerdict::expired);
}

struct ForgedCase {
  const char* name;
  std::string purpose;
  std::vector<std::string> fields;
};

TEST(SignedToken, ProvesEachFieldAndItsPlace) {
  const ForgedCase cases[] = {
      {"another purpose", "submit", kFields},
      {"no purpose", "", kFields},
      {"first field", "bounce", {"ie", "alice@example.net", "bob@got.com"}},
      {"second field", "bounce", {"id", "Alice@example.net", "bob@got.com"}},
      {"third field", "bounce", {"id", "alice@example.net", "bob@got.con"}},
      {"one less", "bounce", {"id", "alice@example.net"}},
      {"one more", "bounce", {"id", "alice@example.net", "bob@got.com", ""}},
      {"other order", "bounce", {"alice@example.net", "id", "bob@got.com"}},
      {"shifted border", "bounce", {"ida", "lice@example.net", "bob@got.com"}},
      {"joined", "bounce", {"id17:alice@example.net", "bob@got.com"}},
      {"none", "bounce", {}},
  };
  for (const ForgedCase& test : cases) {
    EXPECT_EQ(verify_token(genuine(), test.purpose, test.fields, kExpires - Milliseconds(1), kKeys),
              TokenVerdict::forged)
        << test.name;
  }
}

TEST(SignedToken, EveryOctetOfItCounts) {
  const std::string token = genuine();
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char other : {'0', '9', 'f', 'A', '.', ' ', '\0'}) {
      std::string changed = token;
      if (changed[i] == other) continue;
      changed[i] = other;
      EXPECT_EQ(verify_token(changed, "bounce", kFields, kExpires - Milliseconds(1), kKeys),
                TokenVerdict::forged)
          << i << ": " << changed;
    }
  }
  std::string upper = token;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  const std::string others[] = {
      "",
      ".",
      "1780000000",
      "1780000000.",
      token.substr(11),
      token.substr(10),
      token + "0",
      token.substr(0, token.size() - 1),
      " " + token,
      token + "\n",
      "+" + token,
      "0" + token,
      "9" + token,
      token + token,
      upper,
      "99999999999999999999999" + token.substr(10),
      std::string(100'000, '1') + token.substr(10),
  };
  for (const std::string& other : others) {
    EXPECT_EQ(verify_token(other, "bounce", kFields, kExpires - Milliseconds(1), kKeys),
              TokenVerdict::forged)
        << other.substr(0, 200);
  }
}

TEST(SignedToken, AForgedTokenIsNeverMerelyExpired) {
  std::string later = genuine();
  later[0] = '2';
  EXPECT_EQ(verify_token(later, "bounce", kFields, kExpires + Milliseconds(1), kKeys),
            TokenVerdict::forged);
  EXPECT_EQ(verify_token(genuine(), "submit", kFields, kExpires + Milliseconds(1), kKeys),
            TokenVerdict::forged);
}

TEST(SignedToken, TheFirstKeySignsAndEachVerifies) {
  const Secret old("an old key of ours");
  const auto verdict = [](const std::vector<Secret>& signing,
                          const std::vector<Secret>& verifying) {
    return verify_token(make_token("bounce", kFields, kExpires, signing), "bounce", kFields,
                        kExpires - Milliseconds(1), verifying);
  };
  EXPECT_EQ(verdict(kKeys, {kKeys[0]}), TokenVerdict::valid);
  EXPECT_EQ(verdict(kKeys, {kKeys[1]}), TokenVerdict::forged);
  EXPECT_EQ(verdict({old}, {kKeys[0], old}), TokenVerdict::valid);
  EXPECT_EQ(verdict({old}, {kKeys[0], kKeys[1], old}), TokenVerdict::valid);
  EXPECT_EQ(verdict({old}, kKeys), TokenVerdict::forged);
  EXPECT_EQ(verdict({old}, {}), TokenVerdict::forged);
}

}  // namespace
}  // namespace postern
