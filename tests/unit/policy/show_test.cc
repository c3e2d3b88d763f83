#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fixture;
using test::key;
using testing::HasSubstr;
using testing::Not;

std::string shown(std::string_view document_key, std::string_view json) {
  const auto text = show_as_understood(key(document_key), json, {});
  return text ? *text : "refused: " + text.error().what;
}

struct Example {
  std::string key;
  std::string file;
};

class ShownExample : public testing::TestWithParam<Example> {};

TEST_P(ShownExample, MeansTheSameWhenItIsReadAgain) {
  const std::string once = shown(GetParam().key, fixture(GetParam().file));
  EXPECT_EQ(shown(GetParam().key, once), once);
}

INSTANTIATE_TEST_SUITE_P(
    Examples, ShownExample,
    testing::Values(Example{"domain:got.com", "domain_got.com_created"},
                    Example{"domain:got.com", "domain_got.com_six_platforms"},
                    Example{"domain:got.com", "domain_got.com_as_posted"},
                    Example{"domain:stark.net", "domain_stark.net"},
                    Example{"policy:Eygdk", "policy_policyA"},
                    Example{"policy:Eygdk", "policy_policyA_as_posted"},
                    Example{"user:tywin@lannister.net", "user_tywin@lannister.net"},
                    Example{"user:joffrey@lannister.net", "user_joffrey@lannister.net"},
                    Example{"wblist:alive.net", "wblist_alive.net"},
                    Example{"wblist:alive.net", "wblist_as_posted"},
                    Example{"attachments:stark.net", "attachments_stark.net"},
                    Example{"uris:stark.net", "uris_stark.net"},
                    Example{"groups:got.net", "groups_got.net"},
                    Example{"groups:stark.net", "groups_stark.net"}));

TEST(ShowAsUnderstood, FillsInDefaultsAndNormalises) {
  const std::string text =
      shown("policy:p", R"({"spamScore":7.199999809265137,"mailSizeLimit":8.0,"quarantine":true})");
  EXPECT_THAT(text, HasSubstr(R"("spamScore": 7.2)"));
  EXPECT_THAT(text, HasSubstr(R"("mailSizeLimit": 8,)"));
  EXPECT_THAT(text, HasSubstr(R"("relayBadHeaders": false)"));
  EXPECT_THAT(text, HasSubstr(R"("storeBadEncoding": true)"));
  EXPECT_THAT(text, HasSubstr(R"("retentionProps": null)"));

  const std::string domain =
      shown("domain:d.net", R"({"name":"D.NET","status":"enabled","purgeDate":1779723543,
                          "outgoingSubnets":["192.0.2.9/24","10.0.0.0/8"]})");
  EXPECT_THAT(domain, HasSubstr(R"("name": "d.net")"));
  EXPECT_THAT(domain, HasSubstr(R"("status": "ENABLED")"));
  EXPECT_THAT(domain, HasSubstr(R"("purgeDate": "2026-05-25T15:39:03Z")"));
  EXPECT_THAT(domain, HasSubstr(R"("192.0.2.0/24")"));
  EXPECT_THAT(domain, HasSubstr("10.0.0.0/8: shorter than /16"));
}

TEST(ShowAsUnderstood, CarriesUnknownMembersOver) {
  const std::string text =
      shown("domain:d.net", R"({"name":"d.net","description":"kept","customer":{"name":"Alinto"},
            "policy":{"name":"p","futureFlag":true},
            "platforms":[{"transportDest":"h.net","authType":"local"}]})");
  for (const std::string part : {R"("description": "kept")", R"("name": "Alinto")",
                                 R"("futureFlag": true)", R"("authType": "local")"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(ShowAsUnderstood, RefusesWhatDecodingRefuses) {
  EXPECT_EQ(shown("policy:p", R"({"spamScore":"x"})"),
            "refused: /spamScore: expected a number, found a string \"x\"");
}

TEST(ShowAsUnderstood, MailFromAsItCounts) {
  const std::string text = shown(
      "mailfrom:d.net", R"({"mailFromDomain":"Bounce.D.net","mailFromDomainStatus":"success",)"
                        R"("txtRecord":"kept"})");
  for (const std::string part :
       {R"("mailFromDomain": "bounce.d.net")", R"("mailFromDomainStatus": "SUCCESS")",
        R"("behaviorOnMxFailure": "USE_DEFAULT_VALUE")", R"("txtRecord": "kept")"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(ShowAsUnderstood, ListsInTheirOneForm) {
  const std::string rules =
      shown("wblist:d.net", R"([{"value":"*@Tywin.NET","type":"allow","note":"kept"}])");
  for (const std::string part : {R"("value": "tywin.net")", R"("type": "ALLOW")",
                                 R"("spfOn": true)", R"("expireAt": null)", R"("note": "kept")"}) {
    EXPECT_THAT(rules, HasSubstr(part));
  }
  // Written plainly it would be a whole domain.
  EXPECT_THAT(shown("wblist:d.net", R"j([{"value":"\"*\"@d.net","type":"BLOCK"}])j"),
              HasSubstr(R"x(\"*\"@d.net)x"));
  EXPECT_THAT(shown("attachments:d.net",
                    R"([{"action":"DELETE","checkType":"ARCHIVE_FILENAME","filter":"a"}])"),
              HasSubstr(R"("action": "deny")"));
  EXPECT_THAT(
      shown("uris:d.net", R"([{"action":"WHITELIST_URI_HOST","filter":"! B\u00fccher.example"}])"),
      HasSubstr("!xn--bcher-kva.example"));
}

TEST(ShowAsUnderstood, AnOpensrsDocumentWithoutItsSecrets) {
  const std::string seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";  // RFC 8032, test 1
  const std::string text = shown(
      "opensrs:d.net",
      R"({"credentials":{"user":"u","password":"hush"},"attributes":{"service_ smtprelay":"Disabled",
          "allow":["nobody"],"notes_external":"kept","dkim_selector":"s","dkim_ key":")" +
          seed + R"("}})");
  for (const std::string part :
       {R"("service_smtprelay": "disabled")", R"("service_smtpin": "enabled")",
        R"x("dkim_key": "(redacted)")x", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        R"("notes_external": "kept")", "/attributes/allow/0"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("nWGxne")));
  EXPECT_THAT(text, Not(HasSubstr("hush")));
  EXPECT_THAT(redacted(R"({"attributes":{"dkim_ key":"hush"}})"), Not(HasSubstr("hush")));
}

TEST(ShowAsUnderstood, KeepsSecretsOut) {
  const std::string seed = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";  // RFC 8032, test 1
  const std::string text =
      shown("dkim:d.net", R"([{"selector":"a","privateKey":")" + seed + "\"}]");
  EXPECT_THAT(text, HasSubstr("\"privateKey\": \"(redacted)\""));
  EXPECT_THAT(text, HasSubstr("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="));
  EXPECT_THAT(text, HasSubstr(R"("algorithm": "ed25519")"));
  EXPECT_THAT(text, Not(HasSubstr("nWGxne")));
  EXPECT_THAT(shown("platform:p", R"({"transportDest":"h","authData":{"bind_password":"hush"}})"),
              Not(HasSubstr("hush")));
}

class RedactedSecret : public testing::TestWithParam<std::string> {};

TEST_P(RedactedSecret, IsGone) {
  const std::string text = redacted(GetParam());
  EXPECT_THAT(text, Not(HasSubstr("hush")));
  EXPECT_THAT(text, HasSubstr("(redacted)"));
}

INSTANTIATE_TEST_SUITE_P(
    Members, RedactedSecret,
    testing::Values(R"({"privateKey":"hush"})", R"({"password":"hush"})",
                    R"({"apiData":{"password":"hush","login":"x"}})",
                    R"({"authData":{"bind_password":"hush"}})",
                    R"({"authData":{"clientSecret":"hush"}})", R"({"authData":"hush"})",
                    R"({"attributes":{"dkim_key":"hush","dkim_selector":"s"}})",
                    R"([{"x":[{"Private_Key":"hush"}]}])", R"({"bindPassword":["hush"]})",
                    R"({"notes":"-----BEGIN RSA PRIVATE KEY-----hush"})",
                    R"(["-----BEGIN PRIVATE KEY-----\nhush"])"));

TEST(Redacted, LeavesTheRest) {
  EXPECT_EQ(redacted(R"({"b":1,"a":"login","updatePassword":true,"password":null,"authData":""})"),
            "{\n  \"b\": 1,\n  \"a\": \"login\",\n  \"updatePassword\": true,\n  \"password\": "
            "null,\n  \"authData\": \"\"\n}");
}

TEST(Redacted, ShowsNothingOfWhatIsNoJson) {
  EXPECT_EQ(redacted(R"({"password":"hush)"), "(17 octets, not JSON: wrong at line 1, column 18)");
}

}  // namespace
}  // namespace postern::policy
