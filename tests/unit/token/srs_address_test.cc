// SRS: the bounces of forwarded mail find their way back, also through two forwarders, and nobody
// makes a relay of us.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "base/bounce_address.h"
#include "base/text.h"

namespace postern {
namespace {

using std::chrono::days;
using testing::HasSubstr;

const std::vector<Secret> kKeys = {Secret("0123456789abcdef"), Secret("fedcba9876543210")};
const std::vector<Secret> kTheirKeys = {Secret("another forwarder")};
const WallTime kNow{std::chrono::seconds(1'780'000'000)};
const std::string kOurs = "srs.example.net";
const std::string kTheirs = "fwd.example";
const std::string kSender = "Jon.Snow@wall.example";

std::string genuine(const std::string& sender = kSender) {
  const auto address = make_srs_address(sender, kOurs, kNow, kKeys);
  return address ? *address : "error: " + address.error().what;
}

TokenAddress read(const std::string& address, WallTime now = kNow) {
  return read_srs_address(address, now, kKeys);
}

TEST(SrsAddress, HasTheFormThatEveryoneKnows) {
  EXPECT_THAT(genuine(),
              testing::MatchesRegex(
                  "SRS0=[a-z2-7]+=[a-z2-7][a-z2-7]=wall.example=Jon.Snow@srs.example.net"));
  EXPECT_EQ(genuine().find('='), 4U);
}

TEST(SrsAddress, StandsForItsSender) {
  for (const std::string sender :
       {"Jon.Snow@wall.example", "a@b", "a=b=c@wall.example", "a+b-c@wall.example",
        "SRS0@wall.example", "srs0@wall.example", "SRS1=x@wall.example"}) {
    EXPECT_EQ(read(genuine(sender)).verdict, TokenVerdict::valid) << genuine(sender);
    EXPECT_EQ(read(genuine(sender)).sender, sender);
  }
}

TEST(SrsAddress, SurvivesBeingWrittenInLowerCase) {
  EXPECT_EQ(read(ascii_lower(genuine())).verdict, TokenVerdict::valid);
  EXPECT_EQ(read(ascii_lower(genuine())).sender, ascii_lower(kSender));
}

TEST(SrsAddress, TheNullSenderAndOurOwnAddressesStay) {
  EXPECT_EQ(genuine(""), "");
  EXPECT_EQ(genuine(genuine()), genuine());
  EXPECT_EQ(genuine("postmaster@SRS.example.net"), "postmaster@SRS.example.net");
}

TEST(SrsAddress, IsTakenForThirtyDays) {
  EXPECT_EQ(read(genuine(), kNow - days(1)).verdict, TokenVerdict::valid);  // their clock is ahead
  EXPECT_EQ(read(genuine(), kNow + days(30)).verdict, TokenVerdict::valid);
  EXPECT_EQ(read(genuine(), kNow + days(31)).verdict, TokenVerdict::expired);
  EXPECT_EQ(read(genuine(), kNow + days(1'000)).verdict, TokenVerdict::expired);
  EXPECT_EQ(read(genuine(), kNow + days(31)).sender, "");
}

// Its two characters of date come again every 1024 days; it does not.
TEST(SrsAddress, NeverComesToLifeAgain) {
  for (int later = 31; later < 3'000; ++later) {
    ASSERT_NE(read(genuine(), kNow + days(later)).verdict, TokenVerdict::valid) << later;
  }
}

TEST(SrsAddress, AnotherForwardersAddressKeepsItsWayBack) {
  const auto theirs = make_srs_address(kSender, kTheirs, kNow, kTheirKeys);
  ASSERT_TRUE(theirs);
  const std::string ours = genuine(*theirs);
  EXPECT_THAT(ours, testing::MatchesRegex("SRS1=[a-z2-7]+=fwd.example==.*@srs.example.net"));
  EXPECT_EQ(read(ours).verdict, TokenVerdict::valid);
  EXPECT_EQ(read(ours).sender, *theirs);
  EXPECT_EQ(read_srs_address(read(ours).sender, kNow, kTheirKeys).sender, kSender);
  EXPECT_EQ(read_srs_address(ascii_lower(ours), kNow, kKeys).verdict, TokenVerdict::valid);
}

TEST(SrsAddress, TheThirdForwarderAnswersToTheFirst) {
  const std::vector<Secret> third = {Secret("a third forwarder")};
  const auto first = make_srs_address("j@w.example", kTheirs, kNow, kTheirKeys);
  const auto second = make_srs_address(*first, kOurs, kNow, kKeys);
  ASSERT_TRUE(second) << second.error().what;
  const auto last = make_srs_address(*second, "c.example", kNow, third);
  ASSERT_TRUE(last) << last.error().what;
  EXPECT_EQ(last->size() - std::string("c.example").size(), second->size() - kOurs.size());
  EXPECT_EQ(read_srs_address(*last, kNow, third).sender, *first);
}

// Other forwarders choose other separators behind the tag.
TEST(SrsAddress, KeepsTheSeparatorOfOthers) {
  for (const std::string theirs :
       {"SRS0+HHHH=TT=wall.example=jon@fwd.example", "SRS0-HHHH=TT=wall.example=jon@fwd.example",
        "SRS0=HHHH=TT=wall.example=jon@fwd.example"}) {
    EXPECT_THAT(genuine(theirs), testing::StartsWith("SRS1=")) << theirs;
    EXPECT_EQ(read(genuine(theirs)).sender, theirs);
  }
  EXPECT_EQ(read(genuine("SRS1+HHHH=first.example==HHHH=TT=w.example=jon@fwd.example")).sender,
            "SRS0=HHHH=TT=w.example=jon@first.example");
}

TEST(SrsAddress, WhatCannotBeWrittenSoIsSaid) {
  const std::string cannot = "cannot be written within";
  const std::pair<std::string, std::string> cases[] = {
      {std::string(35, 'x') + "@wall.example", "longer than 64"},
      {"a@" + std::string(60, 'x') + ".example", "longer than 64"},
      {"\"a b\"@wall.example", cannot},
      {"j\xc3\xb6n@wall.example", cannot},
      {"a@[192.0.2.1]", cannot},
      {"a@wall=x.example", cannot},
      {"a", cannot},
      {"@wall.example", cannot},
      {"a@", cannot},
      {"a\r\nRCPT TO:<b>@wall.example", cannot},
  };
  for (const auto& [sender, why] : cases) {
    EXPECT_THAT(genuine(sender), testing::StartsWith("error: ")) << sender;
    EXPECT_THAT(genuine(sender), HasSubstr(why)) << sender;
  }
  EXPECT_EQ(genuine(std::string(34, 'x') + "@wall.example").find('@'), 64U);
}

TEST(SrsAddress, EveryCharacterOfItCounts) {
  const std::string theirs = *make_srs_address(kSender, kTheirs, kNow, kTheirKeys);
  for (const std::string& address : {genuine(), genuine(theirs)}) {
    for (std::size_t i = 0; i < address.size(); ++i) {
      for (const char other : {'a', 'b', '7', '0', '@', '.', '+', '=', '\0', '\xff'}) {
        if (ascii_lower(address[i]) == other) continue;
        std::string changed = address;
        changed[i] = other;
        const TokenAddress answer = read(changed);
        EXPECT_NE(answer.verdict, TokenVerdict::valid) << changed;
        EXPECT_EQ(answer.sender, "");
      }
    }
  }
}

TEST(SrsAddress, WhatWeDidNotMakeIsForged) {
  const std::string address = genuine();
  const std::string local = address.substr(0, address.find('@'));
  const std::string mac = local.substr(5, 8);
  const std::string others[] = {
      "",
      "@",
      "SRS0=",
      "SRS0=@srs.example.net",
      "SRS0====@srs.example.net",
      "SRS1=====@srs.example.net",
      "SRS0",
      local,
      local + "@other.example.net",
      local + "x@srs.example.net",
      "SRS0+" + local.substr(5) + "@srs.example.net",
      "SRS1" + local.substr(4) + "@srs.example.net",
      "SRS0==aa=wall.example=Jon.Snow@srs.example.net",
      "SRS0=" + mac + "==wall.example=Jon.Snow@srs.example.net",
      "SRS0=" + mac.substr(0, 4) + local.substr(13) + "@srs.example.net",
      "SRS0=" + mac + "=aa=wall.example=Jon.Snow@srs.example.net",
      "SRS1=" + mac + "=victim.example==x=y=z=w@srs.example.net",
      *make_srs_address(kSender, kOurs, kNow, kTheirKeys),
      std::string(100'000, '='),
      "SRS0" + std::string(100'000, '=') + "@srs.example.net",
  };
  for (const std::string& other : others) {
    EXPECT_EQ(read(other).verdict, TokenVerdict::forged) << other.substr(0, 200);
  }
}

TEST(SrsAddress, ASrsAddressIsNoBounceAddressNorTheOtherWayRound) {
  EXPECT_EQ(read_bounce_address(genuine(), kNow, kKeys).verdict, TokenVerdict::forged);
  const auto bounce = make_bounce_address("jon@example.net", kOurs, kNow, kKeys);
  ASSERT_TRUE(bounce);
  EXPECT_EQ(read(*bounce).verdict, TokenVerdict::forged);
}

TEST(SrsAddress, AnyPlainSenderComesBackOrIsRefused) {
  constexpr std::string_view kCharacters = "abcXYZ019.-+=_";
  std::mt19937 random(822);
  const auto text = [&](std::size_t longest, std::string_view from) {
    std::string made(1 + random() % longest, '\0');
    for (char& c : made) c = from[random() % from.size()];
    return made;
  };
  for (int i = 0; i < 5'000; ++i) {
    const std::string sender = text(30, kCharacters) + "@" + text(20, "abcXYZ019.-");
    const auto address = make_srs_address(sender, kOurs, kNow, kKeys);
    ASSERT_EQ(address.ok(), sender.size() <= 47) << sender;
    if (!address) continue;
    EXPECT_EQ(read(*address).sender, sender);
  }
}

}  // namespace
}  // namespace postern
