// OpenSRS domains: how the attributes are read, and the rules they mean.
#include "policy/opensrs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fault;
using test::fixture;
using test::set_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kSeed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";  // RFC 8032, test 1

std::shared_ptr<const OpensrsDomain> attributes(const std::string& members) {
  return test::shared_decoded<OpensrsDomain>("opensrs:example.com",
                                             R"({"attributes":{)" + members + "}}");
}

std::string refusal(const std::string& members) {
  return fault("opensrs:example.com", R"({"attributes":{)" + members + "}}");
}

TEST(Opensrs, ReadsTheApisOwnExamples) {
  const auto domain =
      test::shared_decoded<OpensrsDomain>("opensrs:example.com", fixture("allow", "opensrs"));
  EXPECT_EQ(domain->name, "example.com");
  EXPECT_EQ(*domain->allow.find(*mail::Address::parse("joe@example.com")), "*@example.com");
  EXPECT_NE(domain->allow.find(*mail::Address::parse("important_stuff@otherco.com")), nullptr);
  EXPECT_EQ(domain->allow.find(*mail::Address::parse("other@otherco.com")), nullptr);
  EXPECT_THAT(domain->faults, IsEmpty());
  EXPECT_EQ(fault("opensrs:gob.com", fixture("create_only", "opensrs")), "");
  // As they are printed, two of the examples are no JSON.
  EXPECT_THAT(fault("opensrs:example.com", fixture("notes_external_broken", "opensrs")),
              HasSubstr("not JSON"));
  EXPECT_THAT(fault("opensrs:gob.com", fixture("create_only_broken", "opensrs")),
              HasSubstr("not JSON"));
}

TEST(Opensrs, TheAttributesMayComeAlone) {
  const auto domain = test::shared_decoded<OpensrsDomain>(
      "opensrs:example.com", R"({"spamtag":"[SPAM]","disabled":true,"catchall":""})");
  EXPECT_EQ(domain->spam_tag, "[SPAM]");
  EXPECT_TRUE(domain->disabled);
  EXPECT_FALSE(domain->catchall);
}

TEST(Opensrs, BlanksInNamesAreNoPartOfThem) {
  const auto domain = test::shared_decoded<OpensrsDomain>(
      "opensrs:example.com",
      R"({"domains":"Example.com","attributes":{"service_ smtprelay":"suspended"}})");
  EXPECT_EQ(domain->smtp_relay, ServiceState::suspended);
  EXPECT_EQ(refusal(R"("service_ smtprelay":"enabled","service_smtprelay":"disabled")"),
            "/attributes: \"service_smtprelay\" is there twice");
}

TEST(Opensrs, WhatIsNotSetIsOpen) {
  const auto domain = attributes(R"("spamtag":null,"filterdelivery":"","spamlevel":null)");
  EXPECT_FALSE(domain->filter_delivery);
  EXPECT_FALSE(domain->spam_level);
  EXPECT_FALSE(domain->sent_limit);
  EXPECT_EQ(domain->spam_tag, "");
  EXPECT_EQ(domain->spam_folder, "Spam");
  EXPECT_EQ(domain->smtp_in, ServiceState::enabled);
  EXPECT_EQ(domain->filtermx, nullptr);
  EXPECT_EQ(domain->dkim, nullptr);
}

struct NextHop {
  std::string written;
  std::string host;  // "": refused
  std::uint16_t port;
};

class FilterMx : public testing::TestWithParam<NextHop> {};

TEST_P(FilterMx, IsAHostAndPerhapsAPort) {
  const std::string member = R"("filtermx":")" + GetParam().written + "\"";
  if (GetParam().host.empty()) {
    EXPECT_THAT(refusal(member), testing::StartsWith("/attributes/filtermx: expected"));
    return;
  }
  const auto domain = attributes(member);
  EXPECT_EQ(domain->filtermx->primary.host, GetParam().host);
  EXPECT_EQ(domain->filtermx->primary.port, GetParam().port);
}

INSTANTIATE_TEST_SUITE_P(
    Hops, FilterMx,
    testing::Values(NextHop{"mx.d.net", "mx.d.net", 25}, NextHop{"MX.d.net:2525", "mx.d.net", 2525},
                    NextHop{"192.0.2.1:26", "192.0.2.1", 26},
                    NextHop{"[2001:db8::1]:26", "2001:db8::1", 26},
                    NextHop{"[2001:db8::1]", "2001:db8::1", 25},
                    NextHop{"2001:db8::1", "2001:db8::1", 25}, NextHop{"mx.d.net:0", "", 0},
                    NextHop{"mx.d.net:70000", "", 0}, NextHop{"mx.d.net:25x", "", 0},
                    NextHop{"mx:", "", 0}, NextHop{"a b", "", 0}, NextHop{"mx]:25,[evil", "", 0}));

TEST(Opensrs, ASpamHeaderIsOneField) {
  const auto domain = attributes(R"("spamheader":"XSpam: Spam detected")");
  EXPECT_EQ(domain->spam_header, (HeaderField{"XSpam", "Spam detected"}));
  EXPECT_EQ(attributes(R"("spamheader":"X-Spam:yes: it is")")->spam_header,
            (HeaderField{"X-Spam", "yes: it is"}));
  for (const std::string wrong :
       {"xspam: yes", "XSpam", "XSpam:", "X Spam: yes", "XSpam: a\\r\\nB: c", "XSpam: a\\u0001",
        ": yes", "XSpam: \u00e4"}) {
    EXPECT_EQ(refusal(R"("spamheader":")" + wrong + "\""),
              "/attributes/spamheader: expected \"Name: value\" in ASCII, beginning with a capital")
        << wrong;
  }
}

TEST(Opensrs, ASpamFolderLeadsNowhereElse) {
  for (const auto& [written, read] :
       std::vector<std::pair<std::string, std::string>>{{"Junk E-mail", "Junk E-mail"},
                                                        {"../../etc", "____etc"},
                                                        {"a/b\\\\c", "a_b_c"},
                                                        {"a\\nb", "a_b"},
                                                        {".", "Spam"}}) {
    const auto domain = attributes(R"("spamfolder":")" + written + "\"");
    EXPECT_EQ(domain->spam_folder, read);
  }
}

TEST(Opensrs, LimitsAreClampedOrRefused) {
  EXPECT_EQ(attributes(R"("smtp_sent_limit":0)")->sent_limit, 0U);
  EXPECT_EQ(attributes(R"("smtp_sent_limit":20000)")->sent_limit, 10'000U);
  EXPECT_THAT(refusal(R"("smtp_sent_limit":-1)"), HasSubstr("/attributes/smtp_sent_limit"));
  EXPECT_EQ(refusal(R"("spamtag":")" + std::string(30, 'x') + "\""), "");
  EXPECT_EQ(refusal(R"("spamtag":")" + std::string(31, 'x') + "\""),
            "/attributes/spamtag: longer than 30 characters");
  EXPECT_THAT(refusal(R"("spamlevel":"Extreme")"), HasSubstr("/attributes/spamlevel"));
  EXPECT_THAT(refusal(R"("service_smtpin":"off")"), HasSubstr("/attributes/service_smtpin"));
  EXPECT_THAT(refusal(R"("aliases":["a b"])"), HasSubstr("/attributes/aliases/0"));
  EXPECT_THAT(refusal(R"("allow":[1])"), HasSubstr("/attributes/allow/0: expected a string"));
  EXPECT_EQ(fault("opensrs:example.com", R"({"domain":"other.com","attributes":{}})"),
            "/domain: \"other.com\" does not fit the key opensrs:example.com");
}

TEST(Opensrs, AListThatIsTooLongStaysInForceAndSaysSo) {
  std::string block;
  for (int i = 0; i < 1001; ++i) block += "\"b" + std::to_string(i) + "@d.net\",";
  const auto domain = attributes(R"("block":[)" + block + R"("x"],"allow":["*a*b*c*d*e*f"])");
  EXPECT_THAT(domain->faults, ElementsAre("/attributes/allow/0: more than 5 wildcards",
                                          "/attributes/block: 1002 entries, the first 1000 count"));
  EXPECT_NE(domain->block.find(*mail::Address::parse("b999@d.net")), nullptr);
  const auto set = set_of({{"opensrs:example.com", R"({"attributes":{"allow":["nobody"]}})"}});
  std::vector<std::string> faults;
  set->for_each_rule_fault([&faults](const DocumentKey& key, const std::string& fault) {
    faults.push_back(key.to_string() + " " + fault);
  });
  EXPECT_THAT(faults,
              ElementsAre("opensrs:example.com /attributes/allow/0: \"nobody\" is no address"));
}

TEST(Opensrs, BlockNamesClientsToo) {
  const auto domain =
      attributes(R"("block":["192.0.2.7","198.51.100.0/24","2001:db8::/32","bob@d.net"])");
  EXPECT_THAT(domain->faults, IsEmpty());
  EXPECT_EQ(domain->block.size(), 1U);
  EXPECT_EQ(domain->blocking(*IpAddress::parse("192.0.2.7"))->to_string(), "192.0.2.7/32");
  EXPECT_EQ(domain->blocking(*IpAddress::parse("192.0.2.8")), nullptr);
  EXPECT_NE(domain->blocking(*IpAddress::parse("198.51.100.200")), nullptr);
  EXPECT_NE(domain->blocking(*IpAddress::parse("2001:db8:1::1")), nullptr);
}

TEST(Opensrs, AKeyAndItsSelectorComeTogetherOrNotAtAll) {
  const std::string key = R"("dkim_key":")" + std::string(kSeed) + "\"";
  const auto domain = attributes(R"("dkim_selector":"S1",)" + key);
  ASSERT_NE(domain->dkim, nullptr);
  EXPECT_EQ(domain->dkim->keys.front().selector, "s1");
  EXPECT_EQ(domain->dkim->keys.front().algorithm, DkimAlgorithm::ed25519);
  EXPECT_EQ(refusal(key), "/attributes/dkim_key: dkim_selector is missing beside it");
  EXPECT_EQ(refusal(R"("dkim_selector":"s1")"),
            "/attributes/dkim_selector: dkim_key is missing beside it");
  EXPECT_THAT(refusal(R"("dkim_selector":"s 1",)" + key), HasSubstr("/attributes/dkim_selector"));
  const std::string bad = refusal(R"("dkim_selector":"s1","dkim_key":"hush")");
  EXPECT_THAT(bad, HasSubstr("/attributes/dkim_key"));
  EXPECT_THAT(bad, Not(HasSubstr("hush")));
}

TEST(Opensrs, ItsKeySignsWhereNoDkimDocumentDoes) {
  const std::string opensrs =
      R"({"attributes":{"dkim_selector":"mine","dkim_key":")" + std::string(kSeed) + "\"}}";
  const std::string dkim = R"({"selector":"own","privateKey":")" + std::string(kSeed) + "\"}";
  const auto alone = set_of({{"opensrs:example.com", opensrs}});
  EXPECT_EQ(alone->dkim("example.com")->keys.front().selector, "mine");
  const auto both = set_of({{"dkim:example.com", dkim}}, *alone);
  EXPECT_EQ(both->dkim("example.com")->keys.front().selector, "own");
}

// ---- the rules they mean -------------------------------------------------------------------------

Policy rules_of(const std::string& members) { return policy_of(*attributes(members), nullptr, {}); }

TEST(OpensrsPolicy, AloneItQuarantinesSpamAndDeliversTheRest) {
  const Policy policy = rules_of("");
  EXPECT_TRUE(policy.incoming);
  EXPECT_TRUE(policy.outgoing);
  EXPECT_EQ(policy.mail_size_limit, std::nullopt);
  EXPECT_EQ(policy.spam_score, 5000);
  EXPECT_EQ(policy.effective_spam_limit(), std::nullopt);
  EXPECT_FALSE(policy.relay.relay_spam);
  EXPECT_TRUE(policy.quarantine_props.store_spam);
  EXPECT_TRUE(policy.relay.relay_advert && policy.relay.relay_bad_headers &&
              policy.relay.relay_bad_attachments);
  EXPECT_FALSE(policy.quarantine_props.store_virus || policy.quarantine_props.store_advert ||
               policy.quarantine_props.store_blacklisted ||
               policy.quarantine_props.store_bad_headers);
}

TEST(OpensrsPolicy, PassthroughDeliversSpamMarked) {
  const Policy policy =
      rules_of(R"("filterdelivery":"passthrough","spamtag":"[SPAM]","spamheader":"XSpam: yes")");
  EXPECT_TRUE(policy.relay.relay_spam);
  EXPECT_FALSE(policy.quarantine_props.store_spam);
  EXPECT_EQ(policy.relay.prefix_spam, "[SPAM]");
  EXPECT_EQ(policy.relay.add_header, (HeaderField{"XSpam", "yes"}));
}

TEST(OpensrsPolicy, LevelsAreScores) {
  EXPECT_EQ(rules_of(R"("spamlevel":"Normal")").spam_score, 5000);
  EXPECT_EQ(rules_of(R"("spamlevel":"High")").spam_score, 3500);
  EXPECT_EQ(rules_of(R"("spamlevel":"very high")").spam_score, 2000);
  EXPECT_EQ(rules_of(R"("spamlevel":"VERY_HIGH")").spam_score, 2000);
  const SpamLevels own{.normal = 7000, .high = 6000, .very_high = 4000};
  EXPECT_EQ(policy_of(*attributes(R"("spamlevel":"High")"), nullptr, own).spam_score, 6000);
  EXPECT_EQ(policy_of(*attributes(""), nullptr, own).spam_score, 7000);
}

TEST(OpensrsPolicy, OverOtherRulesItChangesWhatItSaysAndNothingElse) {
  const Policy base =
      *test::shared_decoded<Policy>("policy:YyjPn", fixture("policy_DefaultTestPolicy"));
  EXPECT_EQ(policy_of(*attributes(R"("allow":["a@b.net"])"), &base, {}), base);
  Policy expected = base;
  expected.relay.prefix_spam = "!";
  EXPECT_EQ(policy_of(*attributes(R"("spamtag":"!")"), &base, {}), expected);
  expected = base;
  expected.relay.relay_spam = true;
  expected.relay.spam_score_limit = std::nullopt;
  expected.quarantine_props.store_spam = false;
  EXPECT_EQ(policy_of(*attributes(R"("filterdelivery":"passthrough")"), &base, {}), expected);
}

// ---- and the domain they make --------------------------------------------------------------------

constexpr const char* kDomain =
    R"({"name":"example.com","policy":{"name":"own","spamScore":9},"senderVerifyOn":true,
        "domainAliases":[{"name":"alias.com"}],"platforms":[
          {"id":"P","name":"p","transportDest":"own.net","default":true}]})";

std::string opensrs(const std::string& members) { return R"({"attributes":{)" + members + "}}"; }

TEST(OpensrsDomain, AloneIsServed) {
  const auto set = set_of(
      {{"opensrs:example.com", opensrs(R"("aliases":["Other.com"],"filtermx":"mx.d.net")")}});
  EXPECT_TRUE(set->usable());
  EXPECT_TRUE(set->has_domains());
  EXPECT_EQ(set->count(DocumentType::domain), 0U);
  const Domain* domain = set->domain_or_alias("other.com");
  ASSERT_NE(domain, nullptr);
  EXPECT_EQ(domain->name, "example.com");
  EXPECT_EQ(domain->status, DomainStatus::enabled);
  EXPECT_FALSE(domain->sender_verify);
  EXPECT_EQ(domain->policy_source, "opensrs:example.com");
  EXPECT_EQ(domain->opensrs.get(), set->opensrs("example.com"));
}

TEST(OpensrsDomain, OverADomainDocumentAddsToItWhateverComesFirst) {
  const std::pair<std::string, std::string> domain = {"domain:example.com", kDomain};
  const std::pair<std::string, std::string> over = {
      "opensrs:example.com", opensrs(R"("aliases":["other.com"],"spamlevel":"High")")};
  for (const auto& set : {set_of({domain, over}), set_of({over, domain})}) {
    const Domain* both = set->domain("example.com");
    EXPECT_EQ(set->domain_or_alias("alias.com"), both);
    EXPECT_EQ(set->domain_or_alias("other.com"), both);
    EXPECT_EQ(both->policy->name, "own");
    EXPECT_EQ(both->policy->spam_score, 3500);
    EXPECT_EQ(both->policy_source, "domain:example.com under opensrs:example.com");
    EXPECT_TRUE(both->sender_verify);
  }
}

TEST(OpensrsDomain, EitherDocumentMayGoAndTheOtherStays) {
  const auto both =
      set_of({{"domain:example.com", kDomain},
              {"opensrs:example.com", opensrs(R"("aliases":["other.com"],"spamlevel":"High")")}});
  SnapshotEditor without_opensrs(*both, {});
  without_opensrs.erase(test::key("opensrs:example.com"));
  const Snapshot& written = without_opensrs.draft();
  EXPECT_EQ(written.domain("example.com")->policy->spam_score, 9000);
  EXPECT_EQ(written.domain("example.com")->opensrs, nullptr);
  EXPECT_EQ(written.domain_or_alias("other.com"), nullptr);
  EXPECT_NE(written.domain_or_alias("alias.com"), nullptr);

  SnapshotEditor without_domain(*both, {});
  without_domain.erase(test::key("domain:example.com"));
  EXPECT_EQ(without_domain.draft().domain("example.com")->policy_source, "opensrs:example.com");
  EXPECT_EQ(without_domain.draft().domain_or_alias("alias.com"), nullptr);
  EXPECT_NE(without_domain.draft().domain_or_alias("other.com"), nullptr);
  without_domain.erase(test::key("opensrs:example.com"));
  EXPECT_EQ(without_domain.draft().domain("example.com"), nullptr);
  EXPECT_FALSE(without_domain.draft().usable());
  EXPECT_EQ(without_domain.draft().domain_or_alias("other.com"), nullptr);
  EXPECT_EQ(both->domain("example.com")->policy->spam_score, 3500);
}

TEST(OpensrsDomain, RulesNamedByIdAreFollowedWhenTheyChange) {
  auto set = set_of({{"domain:example.com", R"({"name":"example.com","policyId":"P"})"},
                     {"opensrs:example.com", opensrs(R"("spamtag":"!")")}});
  // Nobody knows yet what it was to mean.
  EXPECT_EQ(set->domain("example.com")->policy, nullptr);
  EXPECT_EQ(set->domain("example.com")->policy_id, "P");
  set = set_of({{"policy:P", R"({"spamScore":8})"}}, *set);
  EXPECT_EQ(set->domain("example.com")->policy->spam_score, 8000);
  EXPECT_EQ(set->domain("example.com")->policy->relay.prefix_spam, "!");
  EXPECT_EQ(set->domain("example.com")->policy_source, "policy:P under opensrs:example.com");
  set = set_of({{"policy:P", R"({"spamScore":4})"}}, *set);
  EXPECT_EQ(set->domain("example.com")->policy->spam_score, 4000);
  SnapshotEditor editor(*set, {});
  editor.erase(test::key("policy:P"));
  EXPECT_EQ(editor.draft().domain("example.com")->policy, nullptr);
}

struct StatusRow {
  std::string document;
  bool disabled;
  DomainStatus in_force;
};

TEST(OpensrsDomain, TheStricterStatusCounts) {
  for (const auto& [document, disabled, in_force] :
       {StatusRow{"ENABLED", false, DomainStatus::enabled},
        StatusRow{"ENABLED", true, DomainStatus::disabled},
        StatusRow{"PENDING", true, DomainStatus::disabled},
        StatusRow{"DISABLED", false, DomainStatus::disabled},
        StatusRow{"DELETED", true, DomainStatus::deleted},
        StatusRow{"DELETED", false, DomainStatus::deleted}}) {
    const auto set =
        set_of({{"domain:example.com", R"({"name":"example.com","status":")" + document + "\"}"},
                {"opensrs:example.com",
                 opensrs(std::string(R"("disabled":)") + (disabled ? "true" : "false"))}});
    EXPECT_EQ(set->domain("example.com")->status, in_force) << document << disabled;
  }
}

TEST(OpensrsDomain, AnAliasThatIsAnothersIsRefused) {
  const auto first = set_of({{"opensrs:example.com", opensrs(R"("aliases":["x.com"])")}});
  SnapshotEditor editor(*first, {});
  const auto put = editor.put(test::key("opensrs:second.com"), opensrs(R"("aliases":["x.com"])"));
  EXPECT_EQ(put ? "" : put.error().what,
            "/attributes/aliases: \"x.com\" is already an alias of domain:example.com");
  EXPECT_EQ(editor.draft().domain("second.com"), nullptr);
  EXPECT_EQ(editor.draft().count(DocumentType::opensrs), 1U);
  const auto domain = editor.put(test::key("domain:third.com"),
                                 R"({"name":"third.com","domainAliases":[{"name":"x.com"}]})");
  EXPECT_EQ(domain ? "" : domain.error().what,
            "/domainAliases: \"x.com\" is already an alias of domain:example.com");
}

}  // namespace
}  // namespace postern::policy
