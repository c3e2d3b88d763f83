#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::fault;
using test::fixture;

constexpr std::uint64_t kMiB = 1024 * 1024;

Policy policy(const std::string& members) {
  return decoded<Policy>("policy:p", "{" + members + "}");
}

TEST(DecodePolicy, ReadsPolicyAAsTheApiAnswersIt) {
  const auto p = decoded<Policy>("policy:Eygdk", fixture("policy_policyA"));
  EXPECT_EQ(p.id, "Eygdk");
  EXPECT_EQ(p.name, "policyA");
  EXPECT_EQ(p.domain_id, "ByE3n");
  EXPECT_TRUE(p.incoming);
  EXPECT_FALSE(p.outgoing);
  EXPECT_EQ(p.mail_size_limit, 8 * kMiB);
  EXPECT_EQ(p.spam_score, 7200);
  EXPECT_EQ(p.relay, (RelayProps{.relay_spam = true,
                                 .relay_advert = true,
                                 .relay_bad_headers = true,
                                 .relay_bad_attachments = true,
                                 .prefix_spam = "[SPAM]",
                                 .advert_prefix = "[PUB]",
                                 .spam_score_limit = 20000}));
  EXPECT_EQ(p.quarantine_props, (QuarantineProps{.duration_days = 31,
                                                 .store_spam = true,
                                                 .store_virus = true,
                                                 .store_advert = true,
                                                 .store_blacklisted = true,
                                                 .store_sender_verify = true,
                                                 .store_bad_headers = true,
                                                 .store_bad_encoding = true,
                                                 .store_bad_attachments = true}));
  EXPECT_EQ(p.retention_props, RetentionProps{});
  EXPECT_EQ(p.archive_props, ArchiveProps{});
}

TEST(DecodePolicy, ReadsPolicyAAsItWasPostedAndMeansTheSame) {
  // The form leaves relayAdvert out, the API answers true.
  const auto posted = decoded<Policy>("policy:Eygdk", fixture("policy_policyA_as_posted"));
  EXPECT_TRUE(posted.same_rules(decoded<Policy>("policy:Eygdk", fixture("policy_policyA"))));
}

TEST(DecodePolicy, ReadsTheOtherExamples) {
  const auto test = decoded<Policy>("policy:YyjPn", fixture("policy_DefaultTestPolicy"));
  EXPECT_EQ(test.spam_score, 7600);
  EXPECT_EQ(test.effective_spam_limit(), 7600);
  EXPECT_EQ(test.relay.advert_prefix, "[ADVERT]");
  EXPECT_EQ(test.quarantine_props.duration_days, 3);
  EXPECT_EQ(test.archive_props.duration_months, 12);
  EXPECT_TRUE(test.archive_props.store_clean_mail_in);
  EXPECT_FALSE(test.archive_props.store_blacklisted);

  const auto lannister = decoded<Policy>("policy:ByE3n", fixture("policy_Politique-lannister.net"));
  EXPECT_EQ(lannister.spam_score, 6800);
  EXPECT_EQ(lannister.effective_spam_limit(), 10000);
  EXPECT_TRUE(lannister.retention);
  EXPECT_EQ(lannister.retention_props, (RetentionProps{.duration_days = 5}));
  EXPECT_EQ(lannister.quarantine_props, (QuarantineProps{.duration_days = 31}));
  EXPECT_EQ(lannister.archive_props, (ArchiveProps{.duration_months = 48}));

  const auto b = decoded<Policy>("policy:Eygdk", fixture("policy_policyB"));
  EXPECT_EQ(b.mail_size_limit, 14 * kMiB);
  EXPECT_FALSE(b.relay.relay_spam);
  EXPECT_EQ(b.relay.prefix_spam, "");
  EXPECT_EQ(b.relay.advert_prefix, "");
}

TEST(DecodePolicy, DefaultsOfAPolicyMadeWithQuarantine) {
  const Policy p = policy(R"("quarantine":true,"retention":true,"archive":true)");
  EXPECT_EQ(p.id, "p");  // its key's
  EXPECT_TRUE(p.incoming);
  EXPECT_FALSE(p.outgoing);
  EXPECT_EQ(p.mail_size_limit, 21 * kMiB);
  EXPECT_EQ(p.spam_score, 5000);
  EXPECT_EQ(p.relay, (RelayProps{.relay_spam = false,
                                 .relay_advert = true,
                                 .relay_bad_headers = false,
                                 .relay_bad_attachments = false,
                                 .prefix_spam = "",
                                 .advert_prefix = "",
                                 .spam_score_limit = 5000}));
  EXPECT_EQ(p.quarantine_props, (QuarantineProps{.duration_days = 31,
                                                 .store_spam = true,
                                                 .store_bad_headers = true,
                                                 .store_bad_encoding = true,
                                                 .store_bad_attachments = true}));
  EXPECT_EQ(
      p.retention_props,
      (RetentionProps{.duration_days = 5, .store_mail_out = true, .store_clean_mail_in = true}));
  EXPECT_EQ(p.archive_props, (ArchiveProps{.duration_months = 48,
                                           .store_mail_out = true,
                                           .store_clean_mail_in = true,
                                           .store_spam = true,
                                           .store_bad_headers = true,
                                           .store_bad_encoding = true,
                                           .store_bad_attachments = true}));
}

TEST(DecodePolicy, DefaultsOfAPolicyMadeWithoutQuarantine) {
  for (const std::string members :
       {"", R"("quarantine":null,"archive":null)", R"("relayProps":null,"quarantineProps":null)"}) {
    const Policy p = policy(members);
    EXPECT_EQ(p.relay,
              (RelayProps{.prefix_spam = "", .advert_prefix = "", .spam_score_limit = 10000}));
    EXPECT_EQ(p.mail_size_limit, 21 * kMiB);
    EXPECT_EQ(p.quarantine_props, QuarantineProps{});
    EXPECT_EQ(p.retention_props, RetentionProps{});
    EXPECT_EQ(p.archive_props, ArchiveProps{});
  }
}

TEST(DecodePolicy, PropsThatAreNullKeepNothing) {
  const Policy p = policy(R"("quarantine":true,"quarantineProps":null,"retention":true,
      "retentionProps":null,"archive":true,"archiveProps":null)");
  EXPECT_TRUE(p.quarantine);
  EXPECT_EQ(p.quarantine_props, QuarantineProps{});
  EXPECT_EQ(p.retention_props, RetentionProps{});
  EXPECT_EQ(p.archive_props, ArchiveProps{});
}

TEST(DecodePolicy, AMemberLeftOutOfPropsHasItsDefault) {
  const Policy p =
      policy(R"("quarantine":true,"quarantineProps":{"storeVirus":true,"storeSpam":false},
                             "relayProps":{"relaySpam":true})");
  EXPECT_TRUE(p.quarantine_props.store_virus);
  EXPECT_FALSE(p.quarantine_props.store_spam);
  EXPECT_TRUE(p.quarantine_props.store_bad_headers);
  EXPECT_EQ(p.quarantine_props.duration_days, 31);
  EXPECT_TRUE(p.relay.relay_spam);
  EXPECT_FALSE(p.relay.relay_bad_headers);
  EXPECT_EQ(p.relay.spam_score_limit, 5000);
}

TEST(DecodePolicy, ASwitchThatIsOffBeatsWhatTheNestedObjectSays) {
  const Policy p = policy(R"("quarantine":false,"quarantineProps":{"duration":9,"storeSpam":true},
                             "retention":false,"retentionProps":{"storeMailOut":true},
                             "archive":null,"archiveProps":{"storeSpam":true})");
  EXPECT_EQ(p.quarantine_props, QuarantineProps{});
  EXPECT_EQ(p.retention_props, RetentionProps{});
  EXPECT_EQ(p.archive_props, ArchiveProps{});
}

struct Score {
  std::string members;
  MilliScore spam_score;
  std::optional<MilliScore> effective_limit;
};

class DecodeScores : public testing::TestWithParam<Score> {};

TEST_P(DecodeScores, InThousandths) {
  const Policy p = policy(GetParam().members);
  EXPECT_EQ(p.spam_score, GetParam().spam_score);
  EXPECT_EQ(p.effective_spam_limit(), GetParam().effective_limit);
}

INSTANTIATE_TEST_SUITE_P(
    Scores, DecodeScores,
    testing::Values(Score{R"("spamScore":7.2)", 7200, 10000},
                    Score{R"("spamScore":7.199999809265137)", 7200, 10000},  // 7.2 as a float32
                    Score{R"("spamScore":6.800000190734863)", 6800, 10000},
                    Score{R"("spamScore":5)", 5000, 10000},
                    Score{R"("spamScore":null)", 5000, 10000},
                    Score{R"("spamScore":-1.5)", -1500, 10000},
                    Score{R"("relayProps":{"spamScoreLimit":null})", 5000, std::nullopt},
                    Score{R"("relayProps":{"spamScoreLimit":7.6})", 5000, 7600},
                    Score{R"("relayProps":{})", 5000, 10000},
                    Score{R"("quarantine":true,"relayProps":{})", 5000, 5000},
                    Score{R"("quarantine":true,"relayProps":{"spamScoreLimit":null})", 5000,
                          std::nullopt},
                    // A limit below the score is legal and never delivers less than clean mail.
                    Score{R"("spamScore":7.6,"relayProps":{"spamScoreLimit":5})", 7600, 7600}));

TEST(DecodePolicy, SizesAreMebibytesAndNullIsNoLimit) {
  EXPECT_EQ(policy(R"("mailSizeLimit":5)").mail_size_limit, 5 * kMiB);
  EXPECT_EQ(policy(R"("mailSizeLimit":8.0)").mail_size_limit, 8 * kMiB);
  EXPECT_EQ(policy(R"("mailSizeLimit":null)").mail_size_limit, std::nullopt);
}

TEST(DecodePolicy, AnIdIsAStringOrAnInteger) {
  EXPECT_EQ(decoded<Policy>("policy:42", R"({"id":42,"domainId":7})").domain_id, "7");
  EXPECT_EQ(decoded<Policy>("policy:By46n", R"({"id":"By46n"})").id, "By46n");
  EXPECT_EQ(fault("policy:by46n", R"({"id":"By46n"})"),
            "/id: \"By46n\" does not fit the key policy:by46n");
}

TEST(DecodePolicy, AnUnknownMemberIsNoFault) {
  EXPECT_EQ(fault("policy:p", R"({"name":"he's a traitor","brandNew":{"x":[1,2]}})"), "");
}

struct Fault {
  std::string members;
  std::string what;
};

class DecodePolicyFault : public testing::TestWithParam<Fault> {};

TEST_P(DecodePolicyFault, NamesTheMember) {
  EXPECT_EQ(fault("policy:p", "{" + GetParam().members + "}"), GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    Members, DecodePolicyFault,
    testing::Values(
        Fault{R"("id":1.5)", "/id: expected a string or an integer, found a number 1.5"},
        Fault{R"("id":["p"])", "/id: expected a string or an integer, found an array"},
        Fault{R"("incoming":"true")", "/incoming: expected a boolean, found a string \"true\""},
        Fault{R"("quarantine":1)", "/quarantine: expected a boolean, found a number 1"},
        Fault{R"("mailSizeLimit":-1)",
              "/mailSizeLimit: expected a whole number from 1 to 1048576, found a number -1"},
        Fault{R"("mailSizeLimit":0)",
              "/mailSizeLimit: expected a whole number from 1 to 1048576, found a number 0"},
        Fault{R"("mailSizeLimit":2.5)",
              "/mailSizeLimit: expected a whole number from 1 to 1048576, found a number 2.5"},
        Fault{R"("mailSizeLimit":18446744073709551615)",
              "/mailSizeLimit: expected a whole number from 1 to 1048576, found a number "
              "18446744073709551615"},
        Fault{R"("mailSizeLimit":"8")",
              "/mailSizeLimit: expected a whole number from 1 to 1048576, found a string \"8\""},
        Fault{R"("spamScore":"7.2")", "/spamScore: expected a number, found a string \"7.2\""},
        Fault{R"("spamScore":1e300)",
              "/spamScore: expected a score within a million of 0, found a number 1e+300"},
        Fault{R"("relayProps":[])", "/relayProps: expected an object, found an array"},
        Fault{R"("relayProps":{"spamScoreLimit":true})",
              "/relayProps/spamScoreLimit: expected a number, found true"},
        Fault{R"("relayProps":{"prefixSpam":5})",
              "/relayProps/prefixSpam: expected a string, found a number 5"},
        Fault{R"("relayProps":{"prefixSpam":"a\u0000b"})",
              "/relayProps/prefixSpam: contains a NUL"},
        Fault{R"("quarantineProps":{"duration":-3})",
              "/quarantineProps/duration: expected a whole number from 0 to 36500, found a number "
              "-3"},
        // Wrong even where the switch is off: somebody will turn it on.
        Fault{R"("archive":false,"archiveProps":{"duration":99999})",
              "/archiveProps/duration: expected a whole number from 0 to 1200, found a number "
              "99999"},
        Fault{R"("retentionProps":{"storeMailOut":"no"})",
              "/retentionProps/storeMailOut: expected a boolean, found a string \"no\""}));

TEST(DecodePolicy, ADocumentThatIsNoObjectIsRefused) {
  EXPECT_EQ(fault("policy:p", "[]"), "the document: expected an object, found an array");
  EXPECT_EQ(fault("policy:p", "null"), "the document: expected an object, found null");
}

TEST(SameRules, LooksPastTheNames) {
  const Policy a = policy(R"("name":"a","domainId":"x")");
  EXPECT_TRUE(a.same_rules(decoded<Policy>("policy:q", R"({"name":"b","domainId":"y"})")));
  EXPECT_FALSE(a.same_rules(policy(R"("name":"a","domainId":"x","spamScore":5.001)")));
  EXPECT_FALSE(a.same_rules(policy(R"("relayProps":{"prefixSpam":"[S]"})")));
}

}  // namespace
}  // namespace postern::policy
