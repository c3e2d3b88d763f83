// Allow and block rules: which one wins.
#include "decide/sender_rules.h"

#include <gtest/gtest.h>

#include "unit/decide/sender_question.h"

namespace postern::decide {
namespace {

using test_support::Asked;
using test_support::kPass;
using test_support::Mail;
using test_support::name_of;

struct Row {
  std::string name;
  Mail mail;
  std::string verdict;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }
std::string row_name(const testing::TestParamInfo<Row>& row) { return row.param.name; }

class SenderRulesVerdict : public testing::TestWithParam<Row> {};

TEST_P(SenderRulesVerdict, AtTheEndOfTheMessage) {
  EXPECT_EQ(name_of(Asked(GetParam().mail).listing().verdict), GetParam().verdict);
}

INSTANTIATE_TEST_SUITE_P(
    Resolution, SenderRulesVerdict,
    testing::Values(
        Row{"NoRule", {}, "none"},
        Row{"Other", {.domain_rules = "BLOCK other.net,ALLOW b@out.net"}, "none"},
        Row{"Block", {.domain_rules = "BLOCK out.net"}, "blocked"},
        Row{"BlockAddress", {.user_rules = "BLOCK A@OUT.NET"}, "blocked"},
        Row{"BlockParent", {.domain_rules = "BLOCK *.net"}, "blocked"},
        Row{"Expired", {.domain_rules = "BLOCK< out.net"}, "none"},
        Row{"AllowPass", {.domain_rules = "ALLOW out.net", .spf = kPass}, "allowed"},
        // The list that is usable wins over the one that is not.
        Row{"AllowOverBlockedDomain",
            {.domain_rules = "ALLOW a@out.net,BLOCK out.net", .spf = kPass},
            "allowed"},
        Row{"TieIsBlock", {.domain_rules = "ALLOW out.net,BLOCK out.net", .spf = kPass}, "blocked"},
        Row{"AddressBeatsDomain",
            {.domain_rules = "BLOCK a@out.net,ALLOW out.net", .spf = kPass},
            "blocked"},
        Row{"SameValueExpiredAndNot",
            {.domain_rules = "BLOCK< out.net,ALLOW out.net", .spf = kPass},
            "allowed"},
        Row{"UserBeatsDomain",
            {.user_rules = "ALLOW out.net", .domain_rules = "BLOCK a@out.net", .spf = kPass},
            "allowed"},
        Row{"DomainBeatsUser",
            {.user_rules = "ALLOW a@out.net",
             .domain_rules = "BLOCK out.net",
             .priority = "DOMAIN",
             .spf = kPass},
            "blocked"},
        Row{"DomainIsSilent", {.user_rules = "BLOCK out.net", .priority = "DOMAIN"}, "blocked"},
        Row{"AllowThatFailsIsAbsent",
            {.user_rules = "ALLOW a@out.net",
             .domain_rules = "BLOCK out.net",
             .spf = "fail out.net"},
            "blocked"},
        // Either identity is enough for a block.
        Row{"BlockByHeader", {.domain_rules = "BLOCK bad.org", .from = "x@bad.org"}, "blocked"},
        Row{"BlockOneOfSeveralAuthors",
            {.domain_rules = "BLOCK bad.org", .from = "x@good.org y@bad.org"},
            "blocked"},
        Row{"NullSenderByHeader",
            {.domain_rules = "BLOCK bad.org", .sender = "", .from = "x@bad.org"},
            "blocked"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    SpfOn, SenderRulesVerdict,
    testing::Values(
        Row{"None", {.domain_rules = "ALLOW out.net", .spf = "none out.net"}, "none"},
        Row{"Neutral", {.domain_rules = "ALLOW out.net", .spf = "neutral out.net"}, "none"},
        Row{"Softfail", {.domain_rules = "ALLOW out.net", .spf = "softfail out.net"}, "none"},
        Row{"Fail", {.domain_rules = "ALLOW out.net", .spf = "fail out.net"}, "none"},
        Row{"Temperror", {.domain_rules = "ALLOW out.net", .spf = "temperror out.net"}, "none"},
        Row{"Permerror", {.domain_rules = "ALLOW out.net", .spf = "permerror out.net"}, "none"},
        Row{"NotKnown", {.domain_rules = "ALLOW out.net"}, "none"},
        Row{"PassOfAnotherDomain",
            {.domain_rules = "ALLOW out.net", .from = "x@y.org", .spf = "pass y.org"},
            "none"},
        Row{"Off", {.domain_rules = "ALLOW? out.net", .spf = "fail out.net"}, "allowed"},
        Row{"HeaderDkim",
            {.domain_rules = "ALLOW good.org", .from = "x@good.org", .dkim = "pass good.org"},
            "allowed"},
        Row{"HeaderSpf",
            {.domain_rules = "ALLOW good.org", .from = "x@good.org", .spf = "pass good.org"},
            "allowed"},
        Row{"HeaderDkimOfAnother",
            {.domain_rules = "ALLOW good.org", .from = "x@good.org", .dkim = "pass bad.org"},
            "none"},
        Row{"HeaderDkimBroken",
            {.domain_rules = "ALLOW good.org", .from = "x@good.org", .dkim = "fail good.org"},
            "none"},
        Row{"SeveralAuthorsVouchForNobody",
            {.domain_rules = "ALLOW good.org",
             .from = "x@good.org y@bad.org",
             .dkim = "pass good.org"},
            "none"},
        Row{"OffByHeader",
            {.domain_rules = "ALLOW? good.org", .from = "x@good.org", .dmarc = "none"},
            "allowed"},
        Row{"OffByHeaderDmarcFails",
            {.domain_rules = "ALLOW? good.org", .from = "x@good.org", .dmarc = "fail"},
            "none"},
        Row{"OffByHeaderSeveralAuthors",
            {.domain_rules = "ALLOW? good.org", .from = "x@good.org y@bad.org", .dmarc = "none"},
            "none"},
        Row{"OffByHeaderDmarcNotKnown",
            {.domain_rules = "ALLOW? good.org", .from = "x@good.org"},
            "none"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Protected, SenderRulesVerdict,
    testing::Values(
        Row{"Forged",
            {.domain_rules = "PROTECTED out.net", .spf = "fail out.net", .dkim = "none"},
            "forged"},
        Row{"BySpf", {.domain_rules = "PROTECTED out.net", .spf = kPass, .dkim = "none"}, "none"},
        Row{"ByDkim",
            {.domain_rules = "PROTECTED out.net", .spf = "fail out.net", .dkim = "pass out.net"},
            "none"},
        Row{"ByClient",
            {.domain_rules = "PROTECTED out.net",
             .spf = "fail out.net",
             .dkim = "none",
             .own = "out.net"},
            "none"},
        Row{"ClientOfAnother",
            {.domain_rules = "PROTECTED out.net",
             .spf = "fail out.net",
             .dkim = "none",
             .own = "got.com"},
            "forged"},
        // An envelope of one's own proves nothing about the author.
        Row{"HeaderForged",
            {.domain_rules = "PROTECTED good.org",
             .from = "x@good.org",
             .spf = kPass,
             .dkim = "pass out.net"},
            "forged"},
        Row{"OneOfSeveralAuthors",
            {.domain_rules = "PROTECTED good.org",
             .from = "y@out.net x@good.org",
             .spf = kPass,
             .dkim = "pass out.net"},
            "forged"},
        Row{"BeatsEveryAllow",
            {.user_rules = "ALLOW? a@out.net",
             .domain_rules = "PROTECTED out.net,ALLOW? a@out.net",
             .spf = "fail out.net",
             .dkim = "none"},
            "forged"},
        Row{"OfTheUser",
            {.user_rules = "PROTECTED a@out.net",
             .priority = "DOMAIN",
             .spf = "fail out.net",
             .dkim = "none"},
            "forged"},
        Row{"Expired",
            {.domain_rules = "PROTECTED< out.net", .spf = "fail out.net", .dkim = "none"},
            "none"},
        Row{"VouchedForAndBlocked",
            {.domain_rules = "PROTECTED out.net,BLOCK a@out.net", .spf = kPass, .dkim = "none"},
            "blocked"}),
    row_name);

INSTANTIATE_TEST_SUITE_P(
    Opensrs, SenderRulesVerdict,
    testing::Values(
        Row{"Allow", {.opensrs = R"("allow":["*@out.net"])"}, "allowed"},
        Row{"AllowAsksForNoSpf",
            {.opensrs = R"("allow":["*@out.net"])", .spf = "fail out.net"},
            "allowed"},
        Row{"Block", {.opensrs = R"("block":["a*@out.net"])"}, "spam"},
        Row{"BlockByHeader", {.opensrs = R"("block":["*@bad.org"])", .from = "x@bad.org"}, "spam"},
        Row{"AllowByHeader",
            {.opensrs = R"("allow":["*@good.org"])", .from = "x@good.org", .dmarc = "none"},
            "allowed"},
        Row{"AllowByHeaderDmarcFails",
            {.opensrs = R"("allow":["*@good.org"])", .from = "x@good.org", .dmarc = "fail"},
            "none"},
        Row{"TieIsBlock", {.opensrs = R"("allow":["*@out.net"],"block":["*@out.net"])"}, "spam"},
        Row{"ExactBeatsWildcard",
            {.opensrs = R"("allow":["a@out.net"],"block":["*@out.net"])"},
            "allowed"},
        Row{"ClientBlocked", {.opensrs = R"("block":["203.0.113.0/24"])"}, "spam"},
        Row{"ClientBlockedOverEveryAllow",
            {.user_rules = "ALLOW? a@out.net",
             .opensrs = R"("allow":["a@out.net"],"block":["203.0.113.9"])"},
            "spam"},
        Row{"OtherClient", {.opensrs = R"("block":["203.0.113.8"])"}, "none"},
        Row{"OwnRulesFirst",
            {.user_rules = "BLOCK out.net", .opensrs = R"("allow":["a@out.net"])"},
            "blocked"},
        Row{"OwnAllowFirst",
            {.user_rules = "ALLOW? out.net", .opensrs = R"("block":["a@out.net"])"},
            "allowed"}),
    row_name);

}  // namespace
}  // namespace postern::decide
