// DMARC as RFC 7489 has it: which records count, what they ask for, and which mail is its own.
#include "decide/dmarc.h"

#include <gtest/gtest.h>

namespace postern::decide {
namespace {

TEST(DmarcRecord, SaysSoFirst) {
  for (const char* text :
       {"v=DMARC1", "v=DMARC1; p=none", "v=DMARC1;p=none", " v = DMARC1 ; p=none"}) {
    EXPECT_TRUE(is_dmarc_record(text)) << text;
  }
  for (const char* text :
       {"", "v", "v=", "v=DMARC", "v=DMARC10; p=none", "v=dmarc1; p=none", "p=none; v=DMARC1",
        ";v=DMARC1; p=none", "v=spf1 -all", "\"v=DMARC1\"; p=none", "V=DMARC1; p=none"}) {
    EXPECT_FALSE(is_dmarc_record(text)) << text;
  }
}

std::string shown(const std::optional<DmarcRecord>& record) {
  if (!record) return "unusable";
  std::string text(to_string(record->policy));
  if (record->subdomain_policy) text += " sp=" + std::string(to_string(*record->subdomain_policy));
  if (record->strict_dkim) text += " adkim=s";
  if (record->strict_spf) text += " aspf=s";
  if (record->percent != 100) text += " pct=" + std::to_string(record->percent);
  return text;
}

TEST(DmarcRecord, IsReadTagByTag) {
  const struct {
    const char* text;
    const char* read;
  } cases[] = {
      {"v=DMARC1; p=none", "none"},
      {"v=DMARC1;p=quarantine", "quarantine"},
      {"v=DMARC1; p=reject;", "reject"},
      {"v=DMARC1; P = REJECT ;", "reject"},
      {"v=DMARC1; p=none; sp=reject", "none sp=reject"},
      {"v=DMARC1; p=reject; adkim=s; aspf=s; pct=20", "reject adkim=s aspf=s pct=20"},
      {"v=DMARC1; p=reject; adkim=r; aspf=r; pct=0", "reject pct=0"},
      {"v=DMARC1; p=reject; fo=1; ri=3600; rf=afrf; new=thing; rua=mailto:a@got.com", "reject"},
      // What is broken and optional is passed over.
      {"v=DMARC1; p=reject; pct=101; adkim=x; aspf=; nonsense; =; ;;", "reject"},
      {"v=DMARC1; p=reject; pct=-1", "reject"},
      {"v=DMARC1; p=reject; pct=5x", "reject"},
      {"v=DMARC1; p=reject; pct=99999999999999999999", "reject"},
      {"v=DMARC1; p=reject; p=none", "reject"},
      // Without a good p and sp: only where reports are asked for, and then nothing else.
      {"v=DMARC1", "unusable"},
      {"v=DMARC1; sp=reject", "unusable"},
      {"v=DMARC1; p=maybe", "unusable"},
      {"v=DMARC1; p=reject; sp=maybe", "unusable"},
      {"v=DMARC1; p=", "unusable"},
      {"v=DMARC1; p=maybe; rua=nonsense", "unusable"},
      {"v=DMARC1; rua=mailto:a@got.com", "none"},
      {"v=DMARC1; p=reject; sp=maybe; rua=https://got.com,mailto:a@got.com!10m", "none"},
      {"p=reject", "unusable"},
      {"", "unusable"},
  };
  for (const auto& [text, read] : cases) EXPECT_EQ(shown(parse_dmarc_record(text)), read) << text;
}

TEST(DmarcRecord, OfAnySizeIsRead) {
  EXPECT_EQ(shown(parse_dmarc_record("v=DMARC1; p=reject;" + std::string(1'000'000, ';'))),
            "reject");
  EXPECT_EQ(shown(parse_dmarc_record("v=DMARC1; " + std::string(1'000'000, 'x') + "; p=reject")),
            "unusable");
}

SpfVerdict spf(SpfResult result, const char* domain) {
  SpfVerdict verdict;
  verdict.result = result;
  verdict.domain = domain;
  return verdict;
}

DkimVerdict dkim(std::vector<std::pair<DkimResult, std::string>> signatures) {
  DkimVerdict verdict;
  for (auto& [result, domain] : signatures) {
    DkimSignature signature;
    signature.result = result;
    signature.domain = domain;
    verdict.signatures.push_back(signature);
  }
  return verdict;
}

const SpfVerdict kNoSpf = spf(SpfResult::none, "");

std::string evaluated(const char* record, const SpfVerdict& by_spf, const DkimVerdict& by_dkim,
                      const char* from = "got.com", const char* found_at = "got.com",
                      unsigned sample = 50) {
  const DmarcVerdict verdict =
      evaluate_dmarc(from, {"got.com", found_at, {record}}, by_spf, by_dkim, sample);
  EXPECT_EQ(verdict.domain, from);
  return std::string(to_string(verdict.result)) + " " + std::string(to_string(verdict.policy));
}

TEST(Dmarc, PassesWhatItsOwnDomainSent) {
  const char* const reject = "v=DMARC1; p=reject";
  const char* const strict = "v=DMARC1; p=reject; adkim=s; aspf=s";
  EXPECT_EQ(evaluated(reject, spf(SpfResult::pass, "got.com"), {}), "pass reject");
  EXPECT_EQ(evaluated(reject, spf(SpfResult::pass, "bounce.got.com"), {}), "pass reject");
  EXPECT_EQ(evaluated(strict, spf(SpfResult::pass, "bounce.got.com"), {}), "fail reject");
  EXPECT_EQ(evaluated(strict, spf(SpfResult::pass, "got.com"), {}), "pass reject");
  EXPECT_EQ(evaluated(reject, spf(SpfResult::pass, "evil.net"), {}), "fail reject");
  for (const SpfResult result : {SpfResult::none, SpfResult::neutral, SpfResult::fail,
                                 SpfResult::softfail, SpfResult::permerror}) {
    EXPECT_EQ(evaluated(reject, spf(result, "got.com"), {}), "fail reject") << to_string(result);
  }
  EXPECT_EQ(evaluated(reject, kNoSpf, dkim({{DkimResult::pass, "mail.got.com"}})), "pass reject");
  EXPECT_EQ(evaluated(strict, kNoSpf, dkim({{DkimResult::pass, "mail.got.com"}})), "fail reject");
  EXPECT_EQ(evaluated(reject, kNoSpf,
                      dkim({{DkimResult::pass, "evil.net"}, {DkimResult::fail, "got.com"}})),
            "fail reject");
  EXPECT_EQ(evaluated(reject, spf(SpfResult::fail, "got.com"),
                      dkim({{DkimResult::fail, "got.com"}, {DkimResult::pass, "got.com"}})),
            "pass reject");
  for (const DkimResult result :
       {DkimResult::fail, DkimResult::neutral, DkimResult::policy, DkimResult::permerror}) {
    EXPECT_EQ(evaluated(reject, kNoSpf, dkim({{result, "got.com"}})), "fail reject")
        << to_string(result);
  }
}

TEST(Dmarc, IsUndecidedOnlyWhereWhatCouldPassCouldNotBeTold) {
  const char* const reject = "v=DMARC1; p=reject";
  EXPECT_EQ(evaluated(reject, spf(SpfResult::temperror, "got.com"), {}), "temperror reject");
  EXPECT_EQ(evaluated(reject, kNoSpf, dkim({{DkimResult::temperror, "got.com"}})),
            "temperror reject");
  EXPECT_EQ(evaluated(reject, spf(SpfResult::temperror, "got.com"),
                      dkim({{DkimResult::pass, "got.com"}})),
            "pass reject");
  // A forger's own broken DNS does not buy him a temperror.
  EXPECT_EQ(evaluated(reject, spf(SpfResult::temperror, "evil.net"),
                      dkim({{DkimResult::temperror, "evil.net"}})),
            "fail reject");
}

TEST(Dmarc, SubdomainsHaveTheirOwnPolicyUnderTheOwnersRecord) {
  const char* const record = "v=DMARC1; p=reject; sp=quarantine";
  EXPECT_EQ(evaluated(record, kNoSpf, {}, "got.com", "got.com"), "fail reject");
  EXPECT_EQ(evaluated(record, kNoSpf, {}, "mail.got.com", "got.com"), "fail quarantine");
  EXPECT_EQ(evaluated(record, kNoSpf, {}, "mail.got.com", "mail.got.com"), "fail reject");
  EXPECT_EQ(evaluated("v=DMARC1; p=reject", kNoSpf, {}, "mail.got.com", "got.com"), "fail reject");
}

TEST(Dmarc, PctIsAShareOfTheMail) {
  const struct {
    const char* record;
    unsigned sample;
    const char* policy;
  } cases[] = {
      {"v=DMARC1; p=reject; pct=20", 19, "fail reject"},
      {"v=DMARC1; p=reject; pct=20", 20, "fail quarantine"},
      {"v=DMARC1; p=quarantine; pct=20", 19, "fail quarantine"},
      {"v=DMARC1; p=quarantine; pct=20", 20, "fail none"},
      {"v=DMARC1; p=reject; pct=0", 0, "fail quarantine"},
      {"v=DMARC1; p=reject; pct=100", 99, "fail reject"},
      {"v=DMARC1; p=none; pct=0", 99, "fail none"},
  };
  for (const auto& [record, sample, policy] : cases) {
    EXPECT_EQ(evaluated(record, kNoSpf, {}, "got.com", "got.com", sample), policy)
        << record << sample;
  }
  const DmarcVerdict verdict = evaluate_dmarc(
      "got.com", {"got.com", "got.com", {"v=DMARC1; p=reject; pct=0"}}, kNoSpf, {}, 99);
  EXPECT_EQ(verdict.published, DmarcPolicy::reject);
}

TEST(Dmarc, NeedsExactlyOneUsableRecord) {
  const SpfVerdict pass = spf(SpfResult::pass, "got.com");
  const DmarcVerdict absent = evaluate_dmarc("got.com", {"got.com", "", {}}, pass, {}, 0);
  EXPECT_EQ(absent.result, DmarcResult::none);
  const DmarcVerdict several = evaluate_dmarc(
      "got.com", {"got.com", "got.com", {"v=DMARC1; p=reject", "v=DMARC1; p=none"}}, pass, {}, 0);
  EXPECT_EQ(several.result, DmarcResult::none);
  EXPECT_EQ(several.policy, DmarcPolicy::none);
  EXPECT_NE(several.problem, "");
  EXPECT_EQ(evaluated("v=DMARC1; p=maybe", pass, {}), "permerror none");
  const DmarcVerdict unavailable = dmarc_temperror("got.com", "SERVFAIL");
  EXPECT_EQ(unavailable.result, DmarcResult::temperror);
  EXPECT_EQ(unavailable.policy, DmarcPolicy::none);
}

TEST(SenderRules, TakeAPassOfTheSameOwner) {
  EXPECT_TRUE(spf_aligned(spf(SpfResult::pass, "bounce.got.com"), "got.com"));
  EXPECT_FALSE(spf_aligned(spf(SpfResult::softfail, "got.com"), "got.com"));
  EXPECT_FALSE(spf_aligned(spf(SpfResult::pass, "evil.net"), "got.com"));
  EXPECT_FALSE(spf_aligned(spf(SpfResult::pass, ""), ""));
  EXPECT_TRUE(dkim_aligned(dkim({{DkimResult::fail, "got.com"}, {DkimResult::pass, "got.com"}}),
                           "news.got.com"));
  EXPECT_FALSE(dkim_aligned(dkim({{DkimResult::policy, "got.com"}, {DkimResult::pass, "evil.net"}}),
                            "got.com"));
  EXPECT_FALSE(dkim_aligned({}, "got.com"));
}

}  // namespace
}  // namespace postern::decide
