#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::fault;
using test::fixture;

TEST(DecodeUser, ReadsTheExamples) {
  const auto tywin = decoded<User>("user:tywin@lannister.net", fixture("user_tywin@lannister.net"));
  EXPECT_EQ(tywin.id, "By46n");
  EXPECT_EQ(tywin.email, "tywin@lannister.net");
  EXPECT_EQ(tywin.status, UserStatus::enabled);
  EXPECT_EQ(tywin.domain_status, DomainStatus::enabled);
  EXPECT_TRUE(tywin.sender_verify);
  EXPECT_EQ(tywin.policy->name, "Politique-lannister.net");
  EXPECT_EQ(tywin.policy->spam_score, 6800);
  EXPECT_EQ(tywin.platform->primary.host, "smtp.westeros.com");

  for (const std::string name : {"joffrey", "tommen"}) {
    const std::string email = name + "@lannister.net";
    EXPECT_EQ(decoded<User>("user:" + email, fixture("user_" + email)).status,
              UserStatus::disabled);
  }
  EXPECT_EQ(decoded<User>("user:cersei@lannister.net", fixture("user_cersei@lannister.net")).status,
            UserStatus::enabled);
}

TEST(DecodeUser, AnEmailIsOneIdentityHoweverItIsSpelled) {
  for (const std::string email : {"Joffrey@Lannister.NET", "\\\"joffrey\\\"@lannister.net"}) {
    const auto user = decoded<User>("user:joffrey@lannister.net", "{\"email\":\"" + email + "\"}");
    EXPECT_EQ(user.email, "joffrey@lannister.net");
    EXPECT_FALSE(user.policy);
    EXPECT_EQ(user.policy_id, std::nullopt);
  }
}

TEST(DecodeUser, NestedWinsOverIds) {
  const auto ids =
      decoded<User>("user:a@d.net", R"({"email":"a@d.net","policyId":12,"platformId":"Eygdk"})");
  EXPECT_EQ(ids.policy_id, "12");
  EXPECT_EQ(ids.platform_id, "Eygdk");
  const auto both =
      decoded<User>("user:a@d.net", R"({"email":"a@d.net","policyId":12,"policy":{"id":"x"},
                          "platformId":"Eygdk","platform":{"transportDest":"h.net"}})");
  EXPECT_EQ(both.policy_id, std::nullopt);
  EXPECT_EQ(both.platform_id, std::nullopt);
  EXPECT_EQ(both.policy->id, "x");
  EXPECT_EQ(both.platform->primary.host, "h.net");
}

TEST(DecodeUser, StatusesAreReadInAnyCase) {
  const auto user = decoded<User>(
      "user:a@d.net",
      R"({"email":"a@d.net","status":"pending","domainStatus":"deleted","senderVerifyOn":false})");
  EXPECT_EQ(user.status, UserStatus::pending);
  EXPECT_EQ(user.domain_status, DomainStatus::deleted);
  EXPECT_FALSE(user.sender_verify);
}

struct Fault {
  std::string json;
  std::string what;
};

class DecodeUserFault : public testing::TestWithParam<Fault> {};

TEST_P(DecodeUserFault, NamesTheMember) {
  EXPECT_EQ(fault("user:a@d.net", GetParam().json), GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    Members, DecodeUserFault,
    testing::Values(
        Fault{"{}", "/email: missing"}, Fault{R"({"email":null})", "/email: missing"},
        Fault{R"({"email":"d.net"})", "/email: expected a mail address, found a string \"d.net\""},
        Fault{R"({"email":"b@d.net"})", "/email: \"b@d.net\" does not fit the key user:a@d.net"},
        Fault{R"({"email":"a@d.net","status":"DELETED"})",
              "/status: expected one of ENABLED, DISABLED, PENDING, found a string \"DELETED\""},
        Fault{R"({"email":"a@d.net","policy":{"spamScore":[]}})",
              "/policy/spamScore: expected a number, found an array"},
        Fault{R"({"email":"a@d.net","platform":{"transportDest":7}})",
              "/platform/transportDest: expected a string, found a number 7"}));

Platform platform(const std::string& members) {
  return decoded<Platform>("platform:p", R"({"transportDest":"h.net",)" + members + "}");
}

TEST(DecodePlatform, FillsInWhatIsLeftOut) {
  const Platform p = platform(R"("name":null)");
  EXPECT_EQ(p.id, "p");
  EXPECT_EQ(p.primary, (Hop{"h.net", 25, TransportType::smtp}));
  EXPECT_EQ(p.fallback, std::nullopt);
  EXPECT_FALSE(p.is_default);
}

TEST(DecodePlatform, ReadsTransportTypesInAnyCase) {
  EXPECT_EQ(platform(R"("transportType":"smtps_may")").primary.type, TransportType::smtps_may);
  EXPECT_EQ(platform(R"("transportType":"SMTPS-ENCRYPT")").primary.type,
            TransportType::smtps_encrypt);
}

TEST(DecodePlatform, AFallbackTakesItsTypeFromThePrimary) {
  const Platform p = platform(R"("transportType":"SMTPS_ENCRYPT","transportPort":465,
                                 "fallbackTransportDest":"b.net")");
  EXPECT_EQ(p.fallback, (Hop{"b.net", 25, TransportType::smtps_encrypt}));
  const Platform own = platform(R"("fallbackTransportDest":"192.0.2.1","fallbackTransportPort":2525,
                                   "fallbackTransportType":"SMTPS_MAY")");
  EXPECT_EQ(own.fallback, (Hop{"192.0.2.1", 2525, TransportType::smtps_may}));
  EXPECT_EQ(platform(R"("fallbackTransportDest":"")").fallback, std::nullopt);
}

TEST(DecodePlatform, SettingsOfOtherServicesMayHaveAnyOfTheirShapes) {
  for (const std::string shape : {"\"\"", "null", R"({"host":"h","port":993})", "\"x\""}) {
    EXPECT_NO_THROW(platform("\"apiType\":null,\"authData\":" + shape + ",\"apiData\":" + shape));
  }
}

struct Host {
  std::string given;
  std::string read;  // empty: refused
};

class DecodeHost : public testing::TestWithParam<Host> {};

TEST_P(DecodeHost, IsAnAddressOrAName) {
  const std::string json = "{\"transportDest\":\"" + GetParam().given + "\"}";
  if (GetParam().read.empty()) {
    EXPECT_EQ(fault("platform:p", json),
              "/transportDest: expected an IP address or a host name, found a string \"" +
                  GetParam().given + "\"");
  } else {
    EXPECT_EQ(decoded<Platform>("platform:p", json).primary.host, GetParam().read);
  }
}

INSTANTIATE_TEST_SUITE_P(Hosts, DecodeHost,
                         testing::Values(Host{"1.2.3.4", "1.2.3.4"}, Host{"[1.2.3.4]", "1.2.3.4"},
                                         Host{"2001:DB8::1", "2001:db8::1"},
                                         Host{"[2001:db8::1]", "2001:db8::1"},
                                         Host{"SMTP.Westeros.com.", "smtp.westeros.com"},
                                         Host{"localhost", "localhost"}, Host{"1.2.3.444", ""},
                                         Host{"h.net:25", ""}, Host{"h.net,evil.net", ""},
                                         Host{"h.net]:25,[evil.net", ""}, Host{"a b", ""}));

class DecodePlatformFault : public testing::TestWithParam<Fault> {};

TEST_P(DecodePlatformFault, NamesTheMember) {
  const std::string json = R"({"transportDest":"h.net",)" + GetParam().json + "}";
  EXPECT_EQ(fault("platform:p", json), GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    Members, DecodePlatformFault,
    testing::Values(
        Fault{R"("id":"q")", "/id: \"q\" does not fit the key platform:p"},
        Fault{R"("transportPort":0)",
              "/transportPort: expected a whole number from 1 to 65535, found a number 0"},
        Fault{R"("transportPort":65561)",
              "/transportPort: expected a whole number from 1 to 65535, found a number 65561"},
        Fault{R"("transportType":"LMTP")",
              "/transportType: expected one of SMTP, SMTPS_MAY, SMTPS_ENCRYPT, found a string "
              "\"LMTP\""},
        Fault{R"("fallbackTransportDest":"a b")",
              "/fallbackTransportDest: expected an IP address or a host name, found a string "
              "\"a b\""},
        // What may hold a password is never quoted.
        Fault{R"("authData":5)", "/authData: expected an object, a string or null, found a number"},
        Fault{R"("apiData":["sw0rdf1sh"])",
              "/apiData: expected an object, a string or null, found an array"}));

}  // namespace
}  // namespace postern::policy
