// Allow and block rules: which one wins, what it depends on, and what is known of that at RCPT.
#include "decide/sender_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::decide {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Verdict = SenderListing::Verdict;

constexpr std::chrono::system_clock::time_point kNow{std::chrono::seconds(1'800'000'000)};

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::none:
      return "none";
    case Verdict::allowed:
      return "allowed";
    case Verdict::blocked:
      return "blocked";
    case Verdict::forged:
      return "forged";
    case Verdict::always_spam:
      return "spam";
  }
  return "";
}

// "ALLOW a.net", "ALLOW? a.net" (spfOn false), "BLOCK< a.net" (expired), comma-separated.
std::string list_json(const std::string& rules) {
  std::string json;
  std::string_view rest = rules;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    const std::size_t blank = one.find(' ');
    std::string type(one.substr(0, blank));
    const bool loose = type.ends_with('?');
    const bool expired = type.ends_with('<');
    if (loose || expired) type.pop_back();
    json += (json.empty() ? "" : ",") + std::string(R"({"type":")") + type + R"(","value":")" +
            std::string(one.substr(blank + 1)) + "\"" +
            (type == "ALLOW" ? std::string(R"(,"spfOn":)") + (loose ? "false" : "true") : "") +
            (expired ? R"(,"expireAt":1800000000)" : "") + "}";
  }
  return "[" + json + "]";
}

// One mail to joe@got.com.
struct Mail {
  std::string user_rules = {};
  std::string domain_rules = {};
  std::string priority = "USER";
  std::string opensrs = {};  // members of the attributes
  std::string sender = "a@out.net";
  std::string from = {};   // header From, blank-separated; "-": not come yet; "": as the sender
  std::string spf = {};    // "pass out.net", "softfail out.net"; "": not known
  std::string dkim = {};   // likewise; "none": no signature
  std::string dmarc = {};  // "pass", "fail"; "": not known
  std::string own = {};    // the domain the client may send for
  std::string client = "203.0.113.9";
};

template <typename E, std::size_t N>
E named(std::string_view name, const std::array<E, N>& all) {
  for (const E one : all) {
    if (to_string(one) == name) return one;
  }
  throw std::runtime_error("no such result: " + std::string(name));
}

// Everything a question borrows.
class Asked {
 public:
  explicit Asked(const Mail& mail) {
    test::Documents documents = {
        {"domain:got.com", test::domain_json("got.com", test::kStark,
                                             R"("wblistPriority":")" + mail.priority + "\"")},
        {"wblist:got.com", list_json(mail.domain_rules)},
        {"wblist:joe@got.com", list_json(mail.user_rules)}};
    if (!mail.opensrs.empty()) {
      documents.emplace_back("opensrs:got.com", "{" + mail.opensrs + "}");
    }
    snapshot_ = test::snapshot_of(documents);
    const auto joe = mail::Address::parse("joe@got.com");
    recipient_ = std::get<policy::RecipientPolicy>(policy::resolve(*snapshot_, *joe, ""));
    sender_ = mail::parse_sender({"<" + mail.sender + ">"});
    read_from(mail);
    read_evidence(mail);
    client_ = IpAddress::parse(mail.client);
    own_ = mail.own;
  }

  SenderQuestion question() const {
    return {.recipient = recipient_,
            .sender = sender_,
            .from = from_ ? &*from_ : nullptr,
            .client = client_,
            .is_authorised_for = [this](const std::string& domain) { return domain == own_; },
            .spf = spf_ ? &*spf_ : nullptr,
            .dkim = dkim_ ? &*dkim_ : nullptr,
            .dmarc = dmarc_ ? &*dmarc_ : nullptr,
            .now = kNow};
  }
  SenderListing listing(Explanation* why = nullptr) const {
    return judge_sender_rules(question(), why);
  }
  std::string needs() const {
    const SenderNeeds needs = sender_rules_need(question());
    return std::string(needs.spf ? "spf " : "") + (needs.dkim ? "dkim " : "") +
           (needs.dmarc ? "dmarc " : "");
  }

 private:
  void read_from(const Mail& mail) {
    if (mail.from == "-") return;
    from_.emplace();
    from_->fields = 1;
    std::string_view rest = mail.from.empty() ? mail.sender : mail.from;
    while (!rest.empty()) {
      const std::string_view one = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      ++from_->mailboxes;
      from_->addresses.push_back(*mail::Address::parse(one));
    }
  }
  void read_evidence(const Mail& mail) {
    static constexpr std::array kSpf = {
        SpfResult::none,     SpfResult::neutral,   SpfResult::pass,     SpfResult::fail,
        SpfResult::softfail, SpfResult::temperror, SpfResult::permerror};
    static constexpr std::array kDkim = {DkimResult::pass, DkimResult::fail, DkimResult::temperror};
    static constexpr std::array kDmarc = {DmarcResult::none, DmarcResult::pass, DmarcResult::fail};
    const auto halves = [](const std::string& text) {
      const std::size_t blank = text.find(' ');
      return std::pair(text.substr(0, blank), text.substr(blank + 1));
    };
    if (!mail.spf.empty()) {
      const auto [result, domain] = halves(mail.spf);
      spf_.emplace();
      spf_->result = named(result, kSpf);
      spf_->domain = domain;
    }
    if (!mail.dkim.empty()) {
      dkim_.emplace();
      if (mail.dkim != "none") {
        const auto [result, domain] = halves(mail.dkim);
        DkimSignature signature;
        signature.result = named(result, kDkim);
        signature.domain = domain;
        dkim_->signatures.push_back(signature);
      }
    }
    if (!mail.dmarc.empty()) {
      dmarc_.emplace();
      dmarc_->result = named(mail.dmarc, kDmarc);
    }
  }

  policy::SnapshotPtr snapshot_;
  policy::RecipientPolicy recipient_{.canonical = *mail::Address::parse("joe@got.com"),
                                     .policy_source = {},
                                     .platform_source = {}};
  mail::Sender sender_;
  std::optional<mail::HeaderFrom> from_;
  std::optional<IpAddress> client_;
  std::optional<SpfVerdict> spf_;
  std::optional<DkimVerdict> dkim_;
  std::optional<DmarcVerdict> dmarc_;
  std::string own_;
};

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

const std::string kPass = "pass out.net";

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
