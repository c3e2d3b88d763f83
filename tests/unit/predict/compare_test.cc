#include "predict/compare.h"

#include <gmock/gmock.h>

#include "support/policies.h"

namespace postern::predict {
namespace {

using test::domain_json;
using test::snapshot_of;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> told(const Effects& effects) {
  std::vector<std::string> texts;
  for (const auto& [effect, affected] : effects) {
    texts.push_back(effect.mail + ": " + effect.before + " -> " + effect.now);
  }
  return texts;
}

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

const std::string kUser = R"({"email":"jon@x.net"})";
const test::Documents kBefore = {{"domain:x.net", domain_json("x.net", test::kPolicyA)},
                                 {"user:jon@x.net", kUser}};

Effects compared(const test::Documents& before, const test::Documents& now) {
  const auto first = snapshot_of(before);
  const auto second = snapshot_of(now);
  return compare(*first, *second, CompareOptions{"", {}, {}});
}

TEST(Compare, WhatIsWrittenOtherwiseAndMeansTheSameHasNoEffect) {
  const std::string named = changed(test::kPolicyA, "policyA", "another name");
  EXPECT_THAT(told(compared(kBefore, {{"domain:x.net", domain_json("x.net", named)},
                                      {"user:jon@x.net", kUser}})),
              IsEmpty());
}

TEST(Compare, AThresholdIsToldByTheScoresBetween) {
  const std::string lower = changed(test::kPolicyA, R"("spamScore":7.2)", R"("spamScore":5.0)");
  const Effects effects =
      compared(kBefore, {{"domain:x.net", domain_json("x.net", lower)}, {"user:jon@x.net", kUser}});
  EXPECT_THAT(
      told(effects),
      ElementsAre("mail scored 5.0 to below 7.2: delivered -> delivered with [SPAM], a copy "
                  "in quarantine for 31 days"));
  const Affected& affected = effects.begin()->second;
  EXPECT_EQ(affected.users, 1U);
  EXPECT_EQ(affected.other_addresses, 1U);
  EXPECT_THAT(affected.domains, ElementsAre("x.net"));
}

TEST(Compare, EveryClassOfMailIsProbed) {
  struct {
    const char* from;
    const char* to;
    std::vector<std::string> effects;
  } const kCases[] = {
      {R"("storeVirus":true)",
       R"("storeVirus":false)",
       {"infected mail: quarantined for 31 days -> rejected (554 5.7.1)"}},
      {R"("storeBlacklisted":true)",
       R"("storeBlacklisted":false)",
       {"mail of blocked senders: quarantined for 31 days -> rejected (550 5.7.1)",
        "mail with forged protected senders: quarantined for 31 days -> rejected (550 5.7.1)"}},
      {R"("relayBadAttachments":true)",
       R"("relayBadAttachments":false)",
       {"mail with denied attachments: delivered, a copy in quarantine for 31 days -> quarantined "
        "for "
        "31 days"}},
      {R"("storeSenderVerify":true)",
       R"("storeSenderVerify":false)",
       {"mail of senders that do not exist: quarantined for 31 days -> rejected (550 5.1.7)"}},
      {R"("storeBadEncoding":true)",
       R"("storeBadEncoding":false)",
       {"mail with bad encoding: delivered, a copy in quarantine for 31 days -> delivered"}},
      {R"("advertPrefix":"[PUB]")",
       R"("advertPrefix":"[AD]")",
       {"advertising: delivered with [PUB], a copy in quarantine for 31 days -> delivered with "
        "[AD], a "
        "copy in quarantine for 31 days"}},
      {R"("mailSizeLimit":8)",
       R"("mailSizeLimit":9)",
       {"mail larger than 8MiB, up to 9MiB: rejected (552 5.3.4) -> taken"}},
      {R"("incoming":true)",
       R"("incoming":false)",
       {"all mail: taken -> refused at RCPT (550 5.7.1)"}},
      {R"("outgoing":false)",
       R"("outgoing":true)",
       {"outgoing mail: refused: outgoing is off -> taken"}},
  };
  for (const auto& one : kCases) {
    const std::string policy = changed(test::kPolicyA, one.from, one.to);
    EXPECT_EQ(told(compared(kBefore, {{"domain:x.net", domain_json("x.net", policy)},
                                      {"user:jon@x.net", kUser}})),
              one.effects)
        << one.to;
  }
}

TEST(Compare, WhoHasHisOwnRulesIsNotMetByTheDomains) {
  const std::string own = std::string(R"({"email":"jon@x.net","policy":)") + test::kStark + "}";
  const test::Documents before = {{"domain:x.net", domain_json("x.net", test::kPolicyA)},
                                  {"user:jon@x.net", own}};
  const Effects effects = compared(
      before, {{"domain:x.net", domain_json("x.net", test::kPolicyB)}, {"user:jon@x.net", own}});
  ASSERT_FALSE(effects.empty());
  for (const auto& [effect, affected] : effects) EXPECT_EQ(affected.users, 0U) << effect.mail;
}

TEST(Compare, ADomainThatGoesAndOneThatComes) {
  const Effects effects =
      compared(kBefore, {{"domain:y.net", domain_json("y.net", test::kPolicyA)}});
  EXPECT_THAT(told(effects), ElementsAre("all mail: refused at RCPT (554 5.7.1) -> taken",
                                         "all mail: taken -> refused at RCPT (554 5.7.1)"));
}

TEST(Compare, RulesOfListsAreAskedAboutTheSendersTheyName) {
  test::Documents now = kBefore;
  now.emplace_back("wblist:x.net", R"([{"type":"BLOCK","value":"bad.net"},
                                       {"type":"ALLOW","value":"friend@good.net"}])");
  const Effects effects = compared(kBefore, now);
  EXPECT_THAT(told(effects),
              ElementsAre("mail from bad.net: judged by what is in it -> blocked",
                          "mail from bad.net, SPF fails: judged by what is in it -> blocked",
                          "mail from friend@good.net: judged by what is in it -> allowed"));
  EXPECT_EQ(effects.begin()->second.users, 1U);
}

TEST(Compare, RoutesNetworksGroupsAndRulesOfDomains) {
  const std::string rerouted =
      changed(domain_json("x.net", test::kPolicyA, R"("outgoingSubnets":["192.0.2.0/24"])"),
              R"("transportPort":25)", R"("transportPort":26)");
  test::Documents now = {{"domain:x.net", rerouted}, {"user:jon@x.net", kUser}};
  now.emplace_back("groups:x.net",
                   R"([{"email":"all@x.net","recipients":[{"email":"jon@x.net","type":"USER"}]}])");
  now.emplace_back("attachments:x.net",
                   R"([{"action":"deny","checkType":"filename","filter":"\\.exe$"}])");
  const auto texts = told(compared(kBefore, now));
  EXPECT_THAT(texts,
              Contains("delivery: postern-none:[127.0.0.2]:25 -> postern-none:[127.0.0.2]:26"));
  EXPECT_THAT(
      texts,
      Contains(
          "mail for it from clients in 192.0.2.0/24: judged as anybody's -> taken as its own"));
  EXPECT_THAT(texts, Contains("mail to the group all@x.net: no such group -> goes to jon@x.net"));
  EXPECT_THAT(texts,
              Contains("attachments by the rule: deny filename \\.exe$: no such rule -> in force"));
}

TEST(Compare, UnderObservationItIsSaidWhatWouldBe) {
  const Effects effects = compared(
      kBefore,
      {{"domain:x.net", domain_json("x.net", test::kPolicyA, R"("enforcement":"observe")")},
       {"user:jon@x.net", kUser}});
  EXPECT_THAT(
      told(effects),
      Contains("infected mail: quarantined for 31 days -> delivered, under observation; would "
               "be quarantined for 31 days"));
}

}  // namespace
}  // namespace postern::predict
