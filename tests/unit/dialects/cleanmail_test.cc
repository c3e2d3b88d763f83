// What an object of the Cleanmail API is, and whose.
#include <gmock/gmock.h>

#include "reading.h"

namespace postern::dialects {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Case {
  std::string json;
  std::string as;
  std::vector<std::string> keys;  // or what the Error says
};

class Cleanmail : public testing::TestWithParam<Case> {};

TEST_P(Cleanmail, IsReadToItsKeys) {
  const auto reading = read(Dialect::cleanmail, GetParam().json, GetParam().as);
  if (reading) {
    EXPECT_EQ(keys_of(reading), GetParam().keys) << GetParam().json;
  } else {
    EXPECT_THAT(reading.error().what, HasSubstr(GetParam().keys[0])) << GetParam().json;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Cleanmail,
    testing::Values(
        Case{R"({"id":"x","transportDest":"1.2.3.4"})", "", {"platform:x"}},
        Case{R"({"id":7,"transportDest":"1.2.3.4"})", "", {"platform:7"}},
        Case{R"({"selector":"s","privateKey":"k"})", "got.com", {"dkim:got.com"}},
        Case{R"({"selector":"s","privateKey":"k"})", "", {"/domain: missing; --as"}},
        Case{R"([{"selector":"a","privateKey":"k"},{"selector":"b","privateKey":"k"}])",
             "got.com",
             {"dkim:got.com"}},
        Case{R"({"email":"A@Got.com"})", "", {"user:a@got.com"}},
        Case{R"([{"email":"a@got.com"},{"email":"b@got.com"}])",
             "",
             {"user:a@got.com", "user:b@got.com"}},
        Case{R"([{"email":"a@got.com"},{"email":"A@got.com"}])",
             "",
             {"user:a@got.com: there twice"}},
        Case{R"([{"email":"a@got.com","recipients":[]},{"email":"b@got.net","recipients":[]}])",
             "",
             {"groups:got.com", "groups:got.net"}},
        Case{R"([{"value":"a@b.example","type":"ALLOW","owner":"GOT.com"},
                 {"value":"c.example","type":"BLOCK","owner":"got.com"}])",
             "",
             {"wblist:got.com"}},
        Case{R"([{"value":"a@b.example","type":"ALLOW","owner":"got.com"}])",
             "other.com",
             {"wblist:got.com"}},
        Case{R"({"value":"a@b.example","type":"ALLOW","owner":"got.com"})",
             "",
             {"one entry of a list"}},
        Case{R"([{"email":"a@got.com"},{"id":"x","transportDest":"h"}])",
             "",
             {"/1: a list of different things: user and platform"}},
        Case{R"([{"email":"a@got.com"},5])", "", {"/1: an object that is none of"}},
        Case{R"([])", "", {"--as wblist:got.com"}},
        Case{R"([])", "got.com", {"--as wblist:got.com"}},
        Case{R"([])", "wblist:got.com", {"wblist:got.com"}},
        Case{R"([])", "uris:got.com", {"uris:got.com"}},
        Case{R"([])", "domain:got.com", {"--as wblist:got.com"}},
        Case{R"([{"filter":"x","checkType":"filename","action":"deny"}])",
             "attachments:*",
             {"attachments:*"}},
        Case{R"([{"filter":"x","checkType":"filename","action":"deny"}])",
             "uris:got.com",
             {"this is attachments, not uris"}},
        Case{R"([{"filter":"x","action":"blacklist_uri_host"}])", "", {"/scope: missing; --as"}},
        Case{R"([{"filter":"x","action":"blacklist_uri_host","scope":"got.com"}])",
             "",
             {"uris:got.com"}},
        Case{
            R"(["protect._domainkey.got.com TXT v=DKIM1; p=MIIB"])", "", {"DNS lines of the keys"}},
        Case{R"("text")", "", {"expected an object or a list of objects, found a string"}},
        Case{R"({"name":"x","value":1})", "", {"none of domain"}},
        Case{
            R"({"name":"not a domain","status":"ENABLED"})", "", {"the name is not a domain name"}},
        Case{R"({"error":"JWT is expired"})", "", {"JWT is expired"}}));

TEST(CleanmailForm, ADomainAsPostedGetsThePolicyThatItsSwitchesMean) {
  const auto reading =
      read(Dialect::cleanmail, fixture("cleanmail/domain_got.com_as_posted.json"), "");
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(reading->notes, ElementsAre(HasSubstr("one is made of its switches")));
  const policy::Json* made = reading->documents[0].json.find("policy");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(policy::dump_json(*made),
            "{\n  \"name\": \"Politique-got.com\",\n  \"incoming\": true,\n  \"outgoing\": false,\n"
            "  \"quarantine\": true,\n  \"retention\": true,\n  \"archive\": true\n}");
}

TEST(CleanmailForm, ADomainThatHasAPolicyOrNamesOneKeepsIt) {
  for (const std::string member : {R"("policyId":"p")", R"("policy":{"spamScore":3})"}) {
    const auto reading =
        read(Dialect::cleanmail, R"({"name":"got.com","incoming":true,)" + member + "}", "");
    ASSERT_TRUE(reading.ok());
    EXPECT_TRUE(reading->notes.empty());
  }
}

}  // namespace
}  // namespace postern::dialects
