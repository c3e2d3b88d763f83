// The canonical table: each policy of the admin API's examples, each class, what happens.
#include "decide/decide.h"

#include <gtest/gtest.h>

#include "decide/class_rules.h"
#include "decide/incoming_case.h"
#include "support/policies.h"

namespace postern::decide {
namespace {

using enum Disposition;

Evidence scored(double score) {
  Evidence evidence;
  evidence.size = 1000;
  evidence.spam = SpamVerdict{static_cast<MilliScore>(score * 1000 + 0.5), false, "test", {}};
  return evidence;
}
Evidence advert(double score = 0) {
  Evidence evidence = scored(score);
  evidence.bulk_marks = {"List-Unsubscribe"};
  return evidence;
}
Evidence infected(double score = 0) {
  Evidence evidence = scored(score);
  evidence.virus = VirusVerdict{"Eicar"};
  return evidence;
}

policy::RecipientPolicy recipient_under(const policy::Policy& policy) {
  static const policy::Domain kDomain = [] {
    policy::Domain domain;
    domain.name = "got.com";
    return domain;
  }();
  policy::RecipientPolicy rules{.canonical = *mail::Address::parse("jon@got.com"),
                                .policy_source = {},
                                .platform_source = {}};
  rules.domain = &kDomain;
  rules.policy = &policy;
  rules.policy_source = "policy:" + policy.id;
  return rules;
}

Decision decide_for(const policy::Policy& policy, const Evidence& evidence,
                    const DecideOptions& options, Explanation* why = nullptr) {
  const policy::RecipientPolicy rules = recipient_under(policy);
  return decide_incoming({rules, {}, true}, evidence, options, why);
}

struct Row {
  const char* name;
  const char* policy;
  Evidence evidence;
  Disposition disposition;
  std::string prefix;
  std::string copies;  // Q quarantine, R retention, A archive
  std::string reply;
};

std::string copies_of(const Decision& decision) {
  return std::string(decision.quarantine_copy ? "Q" : "") + (decision.retention_copy ? "R" : "") +
         (decision.archive_copy ? "A" : "");
}

class Table : public testing::TestWithParam<Row> {};

TEST_P(Table, Holds) {
  const Row& row = GetParam();
  const Decision decision = decide_for(test::policy_of(row.policy), row.evidence, DecideOptions());
  EXPECT_EQ(to_string(decision.disposition), to_string(row.disposition)) << decision.reason();
  EXPECT_EQ(decision.subject_prefix, row.prefix);
  EXPECT_EQ(copies_of(decision), row.copies);
  if (row.disposition == reject) {
    EXPECT_EQ(decision.reply.to_string(), row.reply);
  }
}

constexpr const char* kSpamReply = "550 5.7.1 message identified as spam";
constexpr const char* kVirusReply = "554 5.7.1 message contains a virus (Eicar)";

INSTANTIATE_TEST_SUITE_P(
    Rows, Table,
    testing::Values(
        Row{"A_7.1", test::kPolicyA, scored(7.1), deliver, "", "", ""},
        Row{"A_7.2", test::kPolicyA, scored(7.2), tag, "[SPAM]", "Q", ""},
        Row{"A_19.9", test::kPolicyA, scored(19.9), tag, "[SPAM]", "Q", ""},
        Row{"A_20", test::kPolicyA, scored(20.0), quarantine, "", "Q", ""},
        Row{"A_advert", test::kPolicyA, advert(), tag, "[PUB]", "Q", ""},
        Row{"A_advert_that_is_spam", test::kPolicyA, advert(8), tag, "[SPAM]", "Q", ""},
        Row{"A_virus", test::kPolicyA, infected(), quarantine, "", "Q", ""},
        Row{"Default_7.5", test::kDefaultTestPolicy, scored(7.5), deliver, "", "A", ""},
        Row{"Default_7.6", test::kDefaultTestPolicy, scored(7.6), quarantine, "", "QA", ""},
        Row{"Default_virus", test::kDefaultTestPolicy, infected(), reject, "", "", kVirusReply},
        Row{"Default_virus_and_spam", test::kDefaultTestPolicy, infected(9), reject, "", "",
            kVirusReply},
        Row{"Default_advert", test::kDefaultTestPolicy, advert(), tag, "[ADVERT]", "", ""},
        Row{"Lannister_6.8", test::kLannister, scored(6.8), deliver, "", "", ""},
        Row{"Lannister_9.999", test::kLannister, scored(9.999), deliver, "", "", ""},
        Row{"Lannister_10", test::kLannister, scored(10.0), reject, "", "", kSpamReply},
        Row{"Stark_9.99", test::kStark, scored(9.99), deliver, "", "", ""},
        Row{"Stark_10", test::kStark, scored(10.0), reject, "", "", kSpamReply},
        Row{"B_4.999", test::kPolicyB, scored(4.999), deliver, "", "", ""},
        Row{"B_5", test::kPolicyB, scored(5.0), quarantine, "", "Q", ""},
        Row{"B_advert", test::kPolicyB, advert(), deliver, "", "", ""}),
    [](const auto& row) {
      std::string name = row.param.name;
      std::replace(name.begin(), name.end(), '.', '_');
      return name;
    });

TEST(Oversize, IsNeitherRelayedNorStored) {
  Evidence evidence = scored(25);
  evidence.size = (8U << 20) + 1;
  const Decision decision = decide_for(test::policy_of(test::kPolicyA), evidence, DecideOptions());
  EXPECT_EQ(decision.disposition, reject);
  EXPECT_EQ(decision.reply.to_string(), "552 5.3.4 message is larger than 8MiB");
  EXPECT_EQ(copies_of(decision), "");
  evidence.size = 8U << 20;
  EXPECT_NE(decide_for(test::policy_of(test::kPolicyA), evidence, DecideOptions()).decider,
            MailClass::oversize);
}

TEST(UnavailableScore, DefersOrIsTakenForNone) {
  Evidence evidence;
  evidence.scanner_fault = Unavailable{"spamd is away"};
  const policy::Policy policy = test::policy_of(test::kPolicyA);
  const Decision deferred = decide_for(policy, evidence, DecideOptions());
  EXPECT_EQ(deferred.disposition, defer);
  EXPECT_EQ(deferred.reply.to_string(), "451 4.7.1 message could not be scanned, try again later");
  EXPECT_NE(deferred.reason().find("spamd is away"), std::string::npos);
  EXPECT_EQ(copies_of(deferred), "");
  const Decision accepted =
      decide_for(policy, evidence, DecideOptions{.spam_on_failure = OnFailure::accept});
  EXPECT_EQ(accepted.disposition, deliver);
}

TEST(UnavailableScore, DoesNotHideAVirus) {
  Evidence evidence;
  evidence.scanner_fault = Unavailable{"away"};
  evidence.virus = VirusVerdict{"Eicar"};
  const Decision decision =
      decide_for(test::policy_of(test::kDefaultTestPolicy), evidence, DecideOptions());
  EXPECT_EQ(decision.disposition, reject);
}

TEST(UnavailableVirusScanner, DefersOrIsTakenForNone) {
  const policy::Policy policy = test::policy_of(test::kDefaultTestPolicy);
  Evidence evidence;
  evidence.virus_fault = Unavailable{"clamd is away"};
  EXPECT_EQ(decide_for(policy, evidence, DecideOptions()).disposition, defer);
  const DecideOptions lax{.virus_on_failure = OnFailure::accept};
  EXPECT_EQ(decide_for(policy, evidence, lax).disposition, deliver);
  // What another engine has found stays found.
  evidence.virus = VirusVerdict{"Eicar"};
  EXPECT_EQ(decide_for(policy, evidence, DecideOptions()).disposition, reject);
}

TEST(UnavailableScore, KeepsAnAdvertWaiting) {
  // The policy refuses advert and keeps spam: without the score nobody knows which this is.
  policy::Policy policy = test::policy_of(test::kPolicyB);
  policy.relay.relay_advert = false;
  Evidence evidence = advert();
  evidence.scanner_fault = Unavailable{"away"};
  EXPECT_EQ(decide_for(policy, evidence, DecideOptions()).disposition, defer);
}

TEST(Advert, NeedsAsManyMarksAsSet) {
  const policy::Policy policy = test::policy_of(test::kPolicyA);
  const DecideOptions two{.advert_marks = 2};
  Evidence evidence = advert();
  EXPECT_EQ(decide_for(policy, evidence, two).disposition, deliver);
  evidence.bulk_marks.emplace_back("List-Id");
  EXPECT_EQ(decide_for(policy, evidence, two).disposition, tag);
}

TEST(Advert, AScannersWordIsEnough) {
  Evidence evidence = scored(0);
  std::get<SpamVerdict>(evidence.spam).advert = true;
  EXPECT_EQ(decide_for(test::policy_of(test::kPolicyA), evidence, DecideOptions()).subject_prefix,
            "[PUB]");
}

TEST(LimitBelowScore, IsTheScore) {
  policy::Policy policy = test::policy_of(test::kStark);
  policy.relay.spam_score_limit = 3000;
  EXPECT_EQ(decide_for(policy, scored(4.9), DecideOptions()).disposition, deliver);
  EXPECT_EQ(decide_for(policy, scored(5.0), DecideOptions()).disposition, reject);
}

TEST(NoLimit, RelaysAnyScore) {
  policy::Policy policy = test::policy_of(test::kPolicyA);
  policy.relay.spam_score_limit.reset();
  EXPECT_EQ(decide_for(policy, scored(999), DecideOptions()).disposition, tag);
}

TEST(Retention, KeepsDeliveredCleanMailOnly) {
  policy::Policy policy = test::policy_of(test::kPolicyA);
  policy.retention_props.store_clean_mail_in = true;
  EXPECT_EQ(copies_of(decide_for(policy, scored(1), DecideOptions())), "R");
  EXPECT_EQ(copies_of(decide_for(policy, scored(8), DecideOptions())), "Q");
}

TEST(OutgoingMail, IsCappedAtTheLimitAndNotTagged) {
  const policy::Policy policy = test::policy_of(test::kPolicyA);
  EXPECT_EQ(decide_outgoing(policy, "policy:A", scored(19.9), DecideOptions(), nullptr).disposition,
            deliver);
  const Decision capped = decide_outgoing(policy, "policy:A", scored(20), DecideOptions(), nullptr);
  EXPECT_EQ(capped.disposition, reject);
  EXPECT_EQ(capped.reply.to_string(), kSpamReply);
  EXPECT_EQ(decide_outgoing(policy, "policy:A", infected(), DecideOptions(), nullptr).reply.code,
            554);
  EXPECT_TRUE(decide_outgoing(test::policy_of(test::kDefaultTestPolicy), "policy:D", scored(1),
                              DecideOptions(), nullptr)
                  .archive_copy);
}

TEST(SpamScoreMatters, OnlyWhereItCanChangeSomething) {
  EXPECT_TRUE(spam_score_matters(test::policy_of(test::kPolicyA)));
  EXPECT_TRUE(spam_score_matters(test::policy_of(test::kStark)));
  policy::Policy indifferent = test::policy_of(test::kStark);
  indifferent.relay.spam_score_limit.reset();
  EXPECT_FALSE(spam_score_matters(indifferent));
  indifferent.relay.prefix_spam = "[SPAM]";
  EXPECT_TRUE(spam_score_matters(indifferent));
}

TEST(RulesAboutHosts, CountWithoutAScanner) {
  const policy::Policy policy = test::policy_of(test::kStark);
  policy::UriRule blocked;
  blocked.action = policy::UriAction::block;
  blocked.host = "evil.example";
  const policy::UriRules uris("uris:got.com", {blocked});
  policy::RecipientPolicy rules = recipient_under(policy);
  rules.uris = &uris;
  Evidence evidence;
  evidence.uri_hosts = std::vector<std::string>{"www.evil.example"};
  const Decision decision = decide_incoming({rules, {}, false}, evidence, {}, nullptr);
  EXPECT_EQ(decision.disposition, reject);
  EXPECT_EQ(decision.decider, MailClass::spam);
}

TEST(FormatScore, IsAsDocumentsWriteIt) {
  EXPECT_EQ(format_score(7200), "7.2");
  EXPECT_EQ(format_score(20000), "20.0");
  EXPECT_EQ(format_score(7125), "7.125");
  EXPECT_EQ(format_score(-2300), "-2.3");
  EXPECT_EQ(format_score(0), "0.0");
}

}  // namespace
}  // namespace postern::decide
