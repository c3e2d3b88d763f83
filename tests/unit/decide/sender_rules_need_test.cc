// Allow and block rules: what a verdict depends on, what is known of it at RCPT, and what is said about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/decide/sender_question.h"

namespace postern::decide {
namespace {

using test_support::Asked;
using test_support::kPass;
using test_support::Mail;
using test_support::name_of;
using testing::HasSubstr;
using testing::IsEmpty;

// ---- what a verdict depends on -------------------------------------------------------------------

struct NeedsRow {
  std::string name;
  Mail mail;
  std::string needs;
};

class SenderRulesNeed : public testing::TestWithParam<NeedsRow> {};

TEST_P(SenderRulesNeed, OnlyWhatCouldChangeTheVerdict) {
  EXPECT_EQ(Asked(GetParam().mail).needs(), GetParam().needs);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, SenderRulesNeed,
    testing::Values(
        NeedsRow{"NoRule", {}, ""}, NeedsRow{"OfAnother", {.domain_rules = "ALLOW x.net"}, ""},
        NeedsRow{"Block", {.domain_rules = "BLOCK out.net"}, ""},
        NeedsRow{"AllowEither", {.domain_rules = "ALLOW out.net"}, "spf dkim "},
        NeedsRow{"AllowEnvelopeOnly", {.domain_rules = "ALLOW out.net", .from = "x@y.org"}, "spf "},
        NeedsRow{"AllowHeader", {.domain_rules = "ALLOW y.org", .from = "x@y.org"}, "spf dkim "},
        NeedsRow{"AllowHeaderSpfPassed",
                 {.domain_rules = "ALLOW y.org", .from = "x@y.org", .spf = "pass y.org"},
                 ""},
        NeedsRow{"AllowHeaderSpfFailed",
                 {.domain_rules = "ALLOW y.org", .from = "x@y.org", .spf = "fail y.org"},
                 "dkim "},
        NeedsRow{"AllowOff", {.domain_rules = "ALLOW? out.net"}, ""},
        NeedsRow{"AllowOffHeader", {.domain_rules = "ALLOW? y.org", .from = "x@y.org"}, "dmarc "},
        NeedsRow{"AllowThatLosesAnyway",
                 {.user_rules = "BLOCK out.net", .domain_rules = "ALLOW out.net"},
                 ""},
        NeedsRow{"SeveralAuthors", {.domain_rules = "ALLOW y.org", .from = "x@y.org z@y.org"}, ""},
        NeedsRow{"Protected", {.domain_rules = "PROTECTED out.net"}, "spf dkim "},
        NeedsRow{"ProtectedOwnClient", {.domain_rules = "PROTECTED out.net", .own = "out.net"}, ""},
        NeedsRow{"Expired", {.domain_rules = "ALLOW< out.net"}, ""},
        NeedsRow{"OpensrsAllow", {.opensrs = R"("allow":["*@out.net"])"}, ""}),
    [](const auto& row) { return row.param.name; });

// ---- RCPT ----------------------------------------------------------------------------------------

struct RcptRow {
  std::string name;
  Mail mail;
  std::string verdict;
  bool may_change;
};

class SenderRulesAtRcpt : public testing::TestWithParam<RcptRow> {};

TEST_P(SenderRulesAtRcpt, BlockedForGoodOnlyIfNoHeaderCouldSaveIt) {
  Mail mail = GetParam().mail;
  mail.from = "-";
  const SenderListing listing = Asked(mail).listing();
  EXPECT_EQ(name_of(listing.verdict), GetParam().verdict);
  EXPECT_EQ(listing.may_change, GetParam().may_change);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, SenderRulesAtRcpt,
    testing::Values(
        RcptRow{"NoRules", {}, "none", false},
        RcptRow{"SomeRule", {.domain_rules = "BLOCK x.net"}, "none", true},
        RcptRow{"Block", {.domain_rules = "BLOCK out.net"}, "blocked", false},
        RcptRow{"BlockAddressBesideAllows",
                {.domain_rules = "BLOCK a@out.net,ALLOW x@y.org,ALLOW z.org"},
                "blocked",
                false},
        RcptRow{"BlockDomainBesideAllowedDomain",
                {.domain_rules = "BLOCK out.net,ALLOW y.org"},
                "blocked",
                false},
        RcptRow{"BlockDomainBesideAllowedAddress",
                {.domain_rules = "BLOCK out.net,ALLOW x@y.org"},
                "blocked",
                true},
        RcptRow{"BlockDomainBesideExpiredAllow",
                {.domain_rules = "BLOCK out.net,ALLOW< x@y.org"},
                "blocked",
                false},
        RcptRow{"UserMayAllowTheAuthor",
                {.user_rules = "ALLOW y.org", .domain_rules = "BLOCK a@out.net"},
                "blocked",
                true},
        RcptRow{"UserMayBlockMore",
                {.user_rules = "BLOCK y.org", .domain_rules = "BLOCK a@out.net"},
                "blocked",
                false},
        RcptRow{
            "DomainBlocksFirst",
            {.user_rules = "ALLOW y.org", .domain_rules = "BLOCK a@out.net", .priority = "DOMAIN"},
            "blocked",
            false},
        RcptRow{"UserAllowsIfSpfPasses",
                {.user_rules = "ALLOW out.net", .domain_rules = "BLOCK out.net"},
                "blocked",
                true},
        RcptRow{"ProtectedWaitsForDkim",
                {.domain_rules = "PROTECTED out.net", .spf = "fail out.net"},
                "none",
                true},
        RcptRow{"ProtectedAndBlocked",
                {.domain_rules = "PROTECTED out.net,BLOCK out.net"},
                "blocked",
                false},
        RcptRow{"NullSender", {.domain_rules = "BLOCK out.net", .sender = ""}, "none", true}),
    [](const auto& row) { return row.param.name; });

// ---- what is said about it -----------------------------------------------------------------------

TEST(SenderRulesReason, NamesTheRuleItsDocumentAndTheIdentity) {
  const SenderListing blocked = Asked({.domain_rules = "BLOCK out.net"}).listing();
  EXPECT_EQ(blocked.reason, "BLOCK out.net of wblist:got.com names the envelope sender a@out.net");
  EXPECT_EQ(blocked.source, "wblist:got.com");
  const SenderListing forged =
      Asked({.user_rules = "PROTECTED y.org", .from = "x@y.org", .spf = kPass, .dkim = "none"})
          .listing();
  EXPECT_EQ(
      forged.reason,
      "PROTECTED y.org of wblist:joe@got.com names the header From x@y.org, and nobody vouches "
      "for it");
  EXPECT_THAT(forged.unavailable, IsEmpty());
  const SenderListing spam = Asked({.opensrs = R"("block":["203.0.113.0/24"])"}).listing();
  EXPECT_EQ(spam.reason, "block 203.0.113.0/24 of opensrs:got.com names the client 203.0.113.9");
}

TEST(SenderRulesReason, AForgeryThatCouldNotBeToldForSureSaysSo) {
  const auto unavailable = [](const std::string& spf, const std::string& dkim) {
    return Asked({.domain_rules = "PROTECTED out.net", .spf = spf, .dkim = dkim})
        .listing()
        .unavailable;
  };
  EXPECT_EQ(unavailable("fail out.net", "none"), "");
  EXPECT_EQ(unavailable("temperror out.net", "none"), "SPF temperror for out.net");
  EXPECT_EQ(unavailable("fail out.net", "temperror out.net"), "DKIM temperror for out.net");
  // What would not have vouched for it need not be waited for.
  EXPECT_EQ(unavailable("fail out.net", "temperror y.org"), "");
  EXPECT_EQ(unavailable("fail out.net", ""), "DKIM is not known");
}

std::vector<std::string> explained(const Mail& mail) {
  Explanation why;
  Asked(mail).listing(&why);
  std::vector<std::string> lines;
  for (const Consideration& one : why.considered()) {
    lines.push_back(one.rule + " | " + one.source + " | " + one.finding + " | " +
                    std::string(to_string(one.effect)));
  }
  return lines;
}

TEST(SenderRulesExplanation, TellsWhatBecameOfEveryRuleThatNamesTheSender) {
  const std::string applied(to_string(Effect::applied));
  const std::string no_match(to_string(Effect::no_match));
  const std::string overruled(to_string(Effect::overruled));
  EXPECT_THAT(
      explained({.user_rules = "ALLOW out.net,BLOCK< out.net,BLOCK x.net",
                 .domain_rules = "BLOCK a@out.net",
                 .from = "x@y.org",
                 .spf = "softfail out.net"}),
      testing::ElementsAre(
          "ALLOW out.net | wblist:joe@got.com | names the envelope sender a@out.net, but SPF "
          "softfail, and the rule asks for a pass | " +
              no_match,
          "BLOCK a@out.net | wblist:got.com | names the envelope sender a@out.net | " + applied,
          "BLOCK out.net | wblist:joe@got.com | expired 2027-01-15T08:00:00Z | " + no_match));
  EXPECT_THAT(
      explained(
          {.user_rules = "ALLOW? out.net", .domain_rules = "BLOCK out.net", .from = "x@y.org"}),
      testing::ElementsAre(HasSubstr("| " + applied), HasSubstr("| " + overruled)));
  EXPECT_THAT(explained({}),
              testing::ElementsAre("allow and block rules |  | there are none | " + no_match));
}

}  // namespace
}  // namespace postern::decide
