// b+<token>@<MAIL FROM domain>: what comes back is the very sender, from nobody else, in time.
#include "base/bounce_address.h"

#include <gmock/gmock.h>

#include <random>

#include "base/text.h"

namespace postern {
namespace {

using std::chrono::days;
using testing::HasSubstr;

const std::vector<Secret> kKeys = {Secret("0123456789abcdef"), Secret("fedcba9876543210")};
const WallTime kNow{std::chrono::seconds(1'780'000'000)};  // 20:26:40 UTC
const std::string kSender = "alice@got.com";
const std::string kDomain = "bounce.got.com";

std::string genuine(const std::string& sender = kSender, const std::string& domain = kDomain) {
  const auto address = make_bounce_address(sender, domain, kNow, kKeys);
  return address ? *address : "error: " + address.error().what;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

TEST(BounceAddress, StandsForItsSender) {
  const std::pair<std::string, std::string> cases[] = {
      {kSender, kDomain},
      {"a@got.com", kDomain},
      {"Alice.Of.Winterfell@got.com", kDomain},
      {"\"a b@c\"@got.com", kDomain},
      {"j\xc3\xb6rg@got.com", kDomain},
      {"alice@got.com", "a.b.c.got.com"},
      {"alice+tag=x@north.got.com", "b.north.got.com"},
      {std::string(27, 'x') + "@got.com", kDomain},
  };
  for (const auto& [sender, domain] : cases) {
    const std::string address = genuine(sender, domain);
    ASSERT_EQ(address.substr(0, 2), "b+") << sender << ": " << address;
    EXPECT_LE(address.find('@'), 64U) << address;
    EXPECT_EQ(address.substr(address.find('@') + 1), domain);
    for (const std::string& written : {address, ascii_lower(address), upper(address)}) {
      const TokenAddress read = read_bounce_address(written, kNow, kKeys);
      EXPECT_EQ(read.verdict, TokenVerdict::valid) << written;
      EXPECT_EQ(read.sender, sender) << written;
    }
  }
}

TEST(BounceAddress, IsAlikeOnAllNodesAndForADay) {
  EXPECT_EQ(genuine("alice@GOT.com", "Bounce.Got.Com"), genuine());
  // Greylisting by others goes by the sender: a message that is tried again soon keeps it.
  EXPECT_EQ(*make_bounce_address(kSender, kDomain, kNow - std::chrono::hours(20), kKeys),
            genuine());
  EXPECT_NE(*make_bounce_address(kSender, kDomain, kNow - days(1), kKeys), genuine());
}

TEST(BounceAddress, IsTakenForThirtyDays) {
  const auto at = [](WallTime now) { return read_bounce_address(genuine(), now, kKeys); };
  EXPECT_EQ(at(kNow + days(30)).verdict, TokenVerdict::valid);
  EXPECT_EQ(at(kNow - days(1)).verdict, TokenVerdict::valid);
  EXPECT_EQ(at(kNow + days(31)).verdict, TokenVerdict::expired);
  EXPECT_EQ(at(kNow + days(31)).sender, "");
  EXPECT_EQ(at(kNow + days(70'000)).verdict, TokenVerdict::expired);
}

struct ErrorCase {
  std::string sender;
  std::string domain;
  std::string why;
};

TEST(BounceAddress, WhatCannotBeWrittenSoIsSaid) {
  const std::string below = "does not lie below";
  const ErrorCase cases[] = {
      {std::string(28, 'x') + "@got.com", kDomain, "longer than 64"},
      {kSender, "got.com", below},
      {kSender, "com", below},
      {kSender, "bouncegot.com", below},
      {kSender, ".got.com", below},
      {kSender, "bounce.got.org", below},
      {kSender, "", below},
      {"", kDomain, "not an address"},
      {"alice", kDomain, "not an address"},
      {"@got.com", kDomain, "not an address"},
      {"alice@", kDomain, "not an address"},
  };
  for (const ErrorCase& test : cases) {
    EXPECT_THAT(genuine(test.sender, test.domain), HasSubstr("error: ")) << test.sender;
    EXPECT_THAT(genuine(test.sender, test.domain), HasSubstr(test.why)) << test.sender;
  }
  EXPECT_FALSE(make_bounce_address(kSender, kDomain, WallTime(-days(100)), kKeys));
  EXPECT_FALSE(make_bounce_address(kSender, kDomain, WallTime(days(65'600)), kKeys));
}

TEST(BounceAddress, EveryCharacterOfItCounts) {
  const std::string address = genuine();
  for (std::size_t i = 0; i < address.size(); ++i) {
    for (const char other : {'a', 'b', '7', '@', '.', '+', '=', '\0', '\xff'}) {
      if (ascii_lower(address[i]) == other) continue;
      std::string changed = address;
      changed[i] = other;
      EXPECT_EQ(read_bounce_address(changed, kNow, kKeys).verdict, TokenVerdict::forged) << changed;
    }
  }
}

TEST(BounceAddress, WhatWeDidNotMakeIsForged) {
  const std::string address = genuine();
  const std::string local = address.substr(0, address.find('@'));
  const std::string others[] = {
      "",
      "@",
      "b+",
      "b+@bounce.got.com",
      "b+aaaa@bounce.got.com",
      local,
      local + "@",
      local + "@got.com",
      local + "@other.got.com",
      local + "@a.bounce.got.com",
      local + "a@bounce.got.com",
      local.substr(0, local.size() - 1) + "@bounce.got.com",
      "\"" + local + "\"@bounce.got.com",
      local.substr(2) + "@bounce.got.com",
      "b-" + local.substr(2) + "@bounce.got.com",
      " " + address,
      "b+" + std::string(62, 'a') + "@bounce.got.com",
      "b+" + std::string(100'000, 'a') + "@bounce.got.com",
      local + "@" + std::string(100'000, 'a'),
      std::string(100'000, '@'),
  };
  for (const std::string& other : others) {
    const TokenAddress read = read_bounce_address(other, kNow, kKeys);
    EXPECT_EQ(read.verdict, TokenVerdict::forged) << other.substr(0, 200);
    EXPECT_EQ(read.sender, "");
  }
}

TEST(BounceAddress, AForgedOneIsNeverMerelyExpired) {
  std::string changed = genuine();
  changed[8] = changed[8] == 'a' ? 'b' : 'a';
  EXPECT_EQ(read_bounce_address(changed, kNow + days(365), kKeys).verdict, TokenVerdict::forged);
}

TEST(BounceAddress, TheFirstKeySignsAndEachVerifies) {
  const auto verdict = [](const std::vector<Secret>& keys) {
    return read_bounce_address(genuine(), kNow, keys).verdict;
  };
  EXPECT_EQ(verdict({kKeys[0]}), TokenVerdict::valid);
  EXPECT_EQ(verdict({Secret("a new key of ours"), kKeys[0]}), TokenVerdict::valid);
  EXPECT_EQ(verdict({kKeys[1]}), TokenVerdict::forged);
  EXPECT_EQ(verdict({}), TokenVerdict::forged);
}

TEST(BounceAddress, AnySenderComesBackAndAnyTextIsSurvived) {
  std::mt19937 random(5321);
  for (int i = 0; i < 5'000; ++i) {
    std::string local(1 + random() % 30, '\0');
    for (char& c : local) c = static_cast<char>(random());
    const auto address = make_bounce_address(local + "@got.com", kDomain, kNow, kKeys);
    ASSERT_EQ(address.ok(), local.size() <= 27);
    if (address) {
      EXPECT_EQ(read_bounce_address(*address, kNow, kKeys).sender, local + "@got.com");
    }
    const std::string noise = "b+" + local + "@" + kDomain;
    EXPECT_EQ(read_bounce_address(noise, kNow, kKeys).verdict, TokenVerdict::forged);
    EXPECT_EQ(read_srs_address(local, kNow, kKeys).verdict, TokenVerdict::forged);
  }
}

}  // namespace
}  // namespace postern
