// Each API's own example, as its documentation shows it.
#include <gmock/gmock.h>

#include "reading.h"

namespace postern::dialects {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Case {
  Dialect dialect;
  std::string file;
  std::string as;
  std::vector<std::string> keys;
};

class Seeds : public testing::TestWithParam<Case> {};

TEST_P(Seeds, AreReadToTheirKeysAndUnderstood) {
  const auto reading = read(GetParam().dialect, fixture(GetParam().file), GetParam().as);
  ASSERT_THAT(keys_of(reading), testing::ElementsAreArray(GetParam().keys));
  for (const auto& document : reading->documents) EXPECT_EQ(judgement_of(document), "");
}

INSTANTIATE_TEST_SUITE_P(
    All, Seeds,
    testing::Values(
        Case{Dialect::cleanmail, "cleanmail/domain_got.com_created.json", "", {"domain:got.com"}},
        Case{Dialect::cleanmail, "cleanmail/domain_got.com_as_posted.json", "", {"domain:got.com"}},
        Case{Dialect::cleanmail, "cleanmail/domain_stark.net.json", "", {"domain:stark.net"}},
        Case{Dialect::cleanmail,
             "cleanmail/user_tywin@lannister.net.json",
             "",
             {"user:tywin@lannister.net"}},
        Case{Dialect::cleanmail, "cleanmail/policy_policyA.json", "", {"policy:Eygdk"}},
        Case{Dialect::cleanmail,
             "cleanmail/policy_policyA_as_posted.json",
             "policyA",
             {"policy:policyA"}},
        Case{Dialect::cleanmail, "cleanmail/wblist_alive.net.json", "", {"wblist:alive.net"}},
        Case{Dialect::cleanmail,
             "cleanmail/wblist_as_posted.json",
             "alive.net",
             {"wblist:alive.net"}},
        Case{Dialect::cleanmail,
             "cleanmail/wblist_two_owners_as_posted.json",
             "",
             {"wblist:iswittercoming.net", "wblist:notyet@iswittercoming.net"}},
        Case{Dialect::cleanmail, "cleanmail/groups_got.net.json", "", {"groups:got.net"}},
        Case{Dialect::cleanmail,
             "cleanmail/attachments_as_posted.json",
             "got.com",
             {"attachments:got.com"}},
        Case{Dialect::cleanmail, "cleanmail/uris_stark.net.json", "stark.net", {"uris:stark.net"}},
        Case{Dialect::opensrs, "opensrs/allow.json", "", {"opensrs:example.com"}},
        Case{Dialect::opensrs, "opensrs/create_only.json", "", {"opensrs:gob.com"}},
        Case{Dialect::ses, "ses/mail_from.json", "", {"mailfrom:alerts@sailpoint.com"}},
        Case{Dialect::ses,
             "ses/mail_from_hidden_identity.json",
             "sailpoint.com",
             {"mailfrom:sailpoint.com"}},
        Case{Dialect::fujitsu,
             "fujitsu/identities.xml",
             "",
             {"identity:example.com", "identity:user@example.com"}},
        Case{Dialect::fujitsu,
             "fujitsu/identities.http",
             "",
             {"identity:example.com", "identity:user@example.com"}},
        Case{Dialect::hitachi, "hitachi/request.json", "", {"smarthost:1234568790"}},
        Case{Dialect::hitachi, "hitachi/request.json", "default", {"smarthost:default"}},
        Case{Dialect::hitachi, "hitachi/response.json", "", {"smarthost:mailServerSetting#0"}},
        Case{Dialect::hitachi, "hitachi/request.http", "", {"smarthost:mailServerSetting#0"}}),
    [](const auto& one) {
      std::string name = one.param.file + one.param.as;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
      return name;
    });

TEST(Seeds, TheCredentialsOfARequestAreNoPartOfTheDocument) {
  const auto reading = read(Dialect::opensrs, fixture("opensrs/allow.json"), "");
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(policy::dump_json(reading->documents[0].json),
              AllOf(HasSubstr("important_stuff@otherco.com"), Not(HasSubstr("sw0rdf1sh")),
                    Not(HasSubstr("company_admin"))));
  EXPECT_THAT(reading->notes, ElementsAre(HasSubstr("credentials are left out")));
  EXPECT_FALSE(reading->documents[0].only_new);
  EXPECT_TRUE(
      read(Dialect::opensrs, fixture("opensrs/create_only.json"), "")->documents[0].only_new);
}

TEST(Seeds, TheBlankInAnAddressIsSaid) {
  const auto reading = read(Dialect::fujitsu, fixture("fujitsu/identities.xml"), "");
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(reading->notes, ElementsAre("\"user@ example.com\" is read as user@example.com"));
  EXPECT_EQ(policy::dump_json(reading->documents[0].json),
            "{\n  \"VerificationStatus\": \"Pending\",\n  \"VerificationToken\": "
            "\"QTKknzFg2J4ygwa+XvHAxUl1hyHoY0gVfZdfjIedHZ0=\"\n}");
  EXPECT_EQ(policy::dump_json(reading->documents[1].json),
            "{\n  \"VerificationStatus\": \"Pending\"\n}");
}

TEST(Seeds, APasswordInTheClearIsSaid) {
  const auto reading = read(Dialect::hitachi, fixture("hitachi/request.json"), "default");
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(reading->notes, ElementsAre(HasSubstr("in the clear")));
  EXPECT_THAT(read(Dialect::hitachi, fixture("hitachi/response.json"), "default")->notes,
              IsEmpty());
}

struct Refused {
  Dialect dialect;
  std::string file;
  std::string why;
};

class Broken : public testing::TestWithParam<Refused> {};

TEST_P(Broken, AreRefusedInWordsThatHelp) {
  const auto reading = read(GetParam().dialect, fixture(GetParam().file), "");
  ASSERT_FALSE(reading.ok());
  EXPECT_THAT(reading.error().what, HasSubstr(GetParam().why));
  EXPECT_EQ(reading.error().permanence, Permanence::permanent);
}

INSTANTIATE_TEST_SUITE_P(
    All, Broken,
    testing::Values(
        Refused{Dialect::opensrs, "opensrs/notes_external_broken.json",
                "not JSON: wrong at line 8"},
        Refused{Dialect::opensrs, "opensrs/create_only_broken.json", "not JSON: wrong at line 5"},
        Refused{Dialect::opensrs, "opensrs/object_already_exists.json",
                "an answer of change_domain (Object already exists)"},
        Refused{Dialect::ses, "ses/mail_from_hidden_identity.json", "--as says whose it is"},
        Refused{Dialect::ses, "ses/forbidden.json", "403 Forbidden"},
        Refused{Dialect::ses, "hitachi/request.json", "/mailFromDomain: missing"},
        Refused{Dialect::hitachi, "ses/mail_from.json", "/hostname: missing"},
        Refused{Dialect::fujitsu, "ses/mail_from.json", "not XML"},
        Refused{Dialect::cleanmail, "cleanmail/wblist_as_posted.json", "/owner: missing; --as"},
        Refused{Dialect::cleanmail, "cleanmail/policy_policyA_as_posted.json",
                "/id: missing; --as"},
        Refused{Dialect::cleanmail, "opensrs/object_already_exists.json", "Object already exists"},
        Refused{Dialect::cleanmail, "hitachi/request.json", "none of domain, user, policy"}));

}  // namespace
}  // namespace postern::dialects
