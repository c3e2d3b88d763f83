#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::fault;
using test::fixture;
using testing::ElementsAre;
using testing::IsEmpty;

Domain domain(const std::string& members, DecodeOptions options = {}) {
  return decoded<Domain>("domain:d.net", R"({"name":"d.net",)" + members + "}", options);
}

std::vector<std::string> texts(const std::vector<IpNetwork>& networks) {
  std::vector<std::string> result;
  for (const auto& network : networks) result.push_back(network.to_string());
  return result;
}

TEST(DecodeDomain, ReadsACreatedDomain) {
  const auto d = decoded<Domain>("domain:got.com", fixture("domain_got.com_created"));
  EXPECT_EQ(d.id, "Eygdk");
  EXPECT_EQ(d.name, "got.com");
  EXPECT_EQ(d.status, DomainStatus::enabled);
  EXPECT_EQ(d.list_priority, ListPriority::user);
  EXPECT_EQ(d.enforcement, Enforcement::enforce);
  EXPECT_TRUE(d.auto_provisioning);
  EXPECT_TRUE(d.sender_verify);
  EXPECT_FALSE(d.recipients_known);
  EXPECT_EQ(d.default_language, "DE");
  ASSERT_TRUE(d.policy);
  EXPECT_EQ(d.policy->name, "Politique-got.com");
  EXPECT_TRUE(d.policy->quarantine_props.store_spam);
  EXPECT_EQ(d.policy_id, std::nullopt);
  EXPECT_THAT(d.aliases, IsEmpty());
  EXPECT_THAT(texts(d.outgoing_subnets), ElementsAre("92.23.81.244/31", "92.123.51.204/31"));
  EXPECT_THAT(d.subnet_faults, IsEmpty());
  ASSERT_EQ(d.platforms.size(), 1U);
  EXPECT_EQ(d.platforms[0]->id, "RkVMy");
  EXPECT_EQ(d.platforms[0]->primary, (Hop{"1.2.3.4", 25, TransportType::smtp}));
  EXPECT_EQ(d.platforms[0]->fallback, std::nullopt);
  EXPECT_TRUE(d.platforms[0]->is_default);
  EXPECT_EQ(d.deletion_date, std::nullopt);
}

TEST(DecodeDomain, ItsOwnSwitchesAreAggregatesAndDecideNothing) {
  // The same names as in a policy: here they only tell that some policy has them on.
  const auto with = domain(
      R"("quarantine":true,"retention":true,"archive":true,"incoming":false,"policy":{"quarantine":false})");
  EXPECT_FALSE(with.policy->quarantine);
  EXPECT_TRUE(with.policy->incoming);
}

TEST(DecodeDomain, KeepsPlatformsInTheirOrder) {
  const auto d = decoded<Domain>("domain:got.com", fixture("domain_got.com_six_platforms"));
  std::vector<Id> ids;
  for (const auto& platform : d.platforms) ids.push_back(platform->id);
  EXPECT_THAT(ids, ElementsAre("Eygdk", "oydvn", "6AMln", "zkLOy", "RkVMy", "WAzMn"));
  ASSERT_EQ(d.outgoing_providers.size(), 1U);
  EXPECT_EQ(d.outgoing_providers[0].id, "ByE3n");
  EXPECT_EQ(d.outgoing_providers[0].name, "test1");
  EXPECT_EQ(d.outgoing_providers[0].spf_provider, "spf.protection.outlook.com");
  EXPECT_TRUE(d.outgoing_providers[0].active);
}

TEST(DecodeDomain, ReadsTheFormOfADomainWithoutAPolicy) {
  const auto d = decoded<Domain>("domain:got.com", fixture("domain_got.com_as_posted"));
  EXPECT_FALSE(d.policy);  // its switches do not make one
  EXPECT_EQ(d.platforms.size(), 1U);
}

TEST(DecodeDomain, NullAndAbsentAreTheDefaults) {
  const std::string nulls = R"("id":null,"status":null,"wblistPriority":null,"enforcement":null,
    "senderVerifyOn":null,"autoProvisioningOn":null,"recipientsKnown":null,"policy":null,
    "policyId":null,"domainAliases":null,"platforms":null,"platformId":null,"outgoingSubnets":null,
    "outgoingProviders":null,"deletionDate":null,"purgeDate":null,"defaultLanguage":null)";
  for (const auto& d : {domain(nulls), domain(R"("x":0)")}) {
    EXPECT_EQ(d.status, DomainStatus::enabled);
    EXPECT_EQ(d.list_priority, ListPriority::user);
    EXPECT_EQ(d.enforcement, Enforcement::enforce);
    EXPECT_TRUE(d.sender_verify);
    EXPECT_FALSE(d.auto_provisioning);
    EXPECT_FALSE(d.recipients_known);
    EXPECT_FALSE(d.policy);
    EXPECT_EQ(d.policy_id, std::nullopt);
    EXPECT_THAT(d.platforms, IsEmpty());
  }
}

TEST(DecodeDomain, EnumsAreReadInAnyCase) {
  EXPECT_EQ(domain(R"("status":"disabled")").status, DomainStatus::disabled);
  EXPECT_EQ(domain(R"("status":"Pending")").status, DomainStatus::pending);
  EXPECT_EQ(domain(R"("status":"DELETED")").status, DomainStatus::deleted);
  EXPECT_EQ(domain(R"("wblistPriority":"domain")").list_priority, ListPriority::domain);
  EXPECT_EQ(domain(R"("enforcement":"OBSERVE")").enforcement, Enforcement::observe);
  EXPECT_TRUE(domain(R"("recipientsKnown":true)").recipients_known);
}

TEST(DecodeDomain, ANestedPolicyWinsOverAnId) {
  EXPECT_EQ(domain(R"("policyId":"YyjPn")").policy_id, "YyjPn");
  EXPECT_EQ(domain(R"("policyId":17)").policy_id, "17");
  const auto both = domain(R"("policyId":"YyjPn","policy":{"id":"Eygdk"})");
  EXPECT_EQ(both.policy->id, "Eygdk");
  EXPECT_EQ(both.policy_id, std::nullopt);
}

TEST(DecodeDomain, NamesAreALabels) {
  const auto d =
      decoded<Domain>("domain:xn--bcher-kva.example",
                      R"({"name":"Bücher.example.","domainAliases":[{"id":1,"name":"STARKS.net"},
          {"name":"starks.NET."},{"name":"bücher.example"},{"name":"Wolves.net"}]})");
  EXPECT_EQ(d.name, "xn--bcher-kva.example");
  // Once each, and never its own name.
  EXPECT_THAT(d.aliases, ElementsAre("starks.net", "wolves.net"));
}

TEST(DecodeDomain, TimesAreEpochMillisecondsSecondsOrIso8601) {
  const auto expected = std::chrono::sys_days(std::chrono::year(2026) / 5 / 25) +
                        std::chrono::hours(15) + std::chrono::minutes(39) + std::chrono::seconds(3);
  for (const std::string time :
       {"1779723543000", "1779723543", "\"2026-05-25T15:39:03Z\"", "\"2026-05-25T17:39:03+02:00\"",
        "\"2026-05-25T15:39:03.000+0000\"", "\"2026-05-25T10:09:03-0530\"",
        "\"2026-05-25 15:39:03\"", "1.779723543E12"}) {
    EXPECT_EQ(domain("\"purgeDate\":" + time).purge_date, expected) << time;
  }
  EXPECT_EQ(domain(R"("deletionDate":1779724343742)").deletion_date,
            std::chrono::system_clock::time_point(std::chrono::milliseconds(1779724343742)));
  EXPECT_EQ(domain(R"("deletionDate":"2026-05-25")").deletion_date,
            std::chrono::sys_days(std::chrono::year(2026) / 5 / 25));
}

struct Subnet {
  std::string given;
  std::string used;   // empty: left out
  std::string fault;  // what is said then
};

class DecodeSubnet : public testing::TestWithParam<Subnet> {};

TEST_P(DecodeSubnet, IsUsedOrLeftOutAndSaid) {
  const auto d = domain("\"outgoingSubnets\":[\"" + GetParam().given + "\"]");
  if (GetParam().fault.empty()) {
    EXPECT_THAT(texts(d.outgoing_subnets), ElementsAre(GetParam().used));
    EXPECT_THAT(d.subnet_faults, IsEmpty());
  } else {
    EXPECT_THAT(d.outgoing_subnets, IsEmpty());
    EXPECT_THAT(d.subnet_faults, ElementsAre(GetParam().given + ": " + GetParam().fault));
  }
}

INSTANTIATE_TEST_SUITE_P(Subnets, DecodeSubnet,
                         testing::Values(Subnet{"92.123.51.204/31", "92.123.51.204/31", ""},
                                         Subnet{"92.123.51.205/31", "92.123.51.204/31",
                                                ""},  // host bits masked
                                         Subnet{"192.0.2.7", "192.0.2.7/32", ""},
                                         Subnet{"10.1.0.0/16", "10.1.0.0/16", ""},
                                         Subnet{"10.0.0.0/15", "", "shorter than /16"},
                                         Subnet{"0.0.0.0/0", "", "shorter than /16"},
                                         Subnet{"127.0.0.1", "", "a loopback network"},
                                         Subnet{"127.8.0.0/16", "", "a loopback network"},
                                         Subnet{"0.1.2.0/24", "", "within 0.0.0.0/8"},
                                         Subnet{"2001:db8::/32", "", "not an IPv4 network"},
                                         Subnet{"::ffff:192.0.2.0/24", "", "not an IPv4 network"},
                                         Subnet{"192.0.2.0/33", "", "not an IPv4 network"},
                                         Subnet{"192.0.2.0/-1", "", "not an IPv4 network"},
                                         Subnet{"192.0.2.0/", "", "not an IPv4 network"},
                                         Subnet{"192.0.2/24", "", "not an IPv4 network"},
                                         Subnet{"mail.example.com", "", "not an IPv4 network"},
                                         Subnet{"", "", "not an IPv4 network"}));

TEST(DecodeDomain, OneBadSubnetLeavesTheOthersInForce) {
  const auto d =
      domain(R"("outgoingSubnets":["::/0"," 192.0.2.0/24 ","10.0.0.0/8","192.0.2.9/24"])");
  EXPECT_THAT(texts(d.outgoing_subnets), ElementsAre("192.0.2.0/24"));
  EXPECT_EQ(d.subnet_faults.size(), 2U);
}

TEST(DecodeDomain, TheShortestSubnetIsASetting) {
  const auto d = domain(R"("outgoingSubnets":["10.0.0.0/8","96.0.0.0/3"])", {.shortest_subnet = 2});
  EXPECT_THAT(texts(d.outgoing_subnets), ElementsAre("10.0.0.0/8"));
  EXPECT_THAT(d.subnet_faults, ElementsAre("96.0.0.0/3: a loopback network"));
}

struct Fault {
  std::string json;
  std::string what;
};

class DecodeDomainFault : public testing::TestWithParam<Fault> {};

TEST_P(DecodeDomainFault, NamesTheMember) {
  EXPECT_EQ(fault("domain:d.net", GetParam().json), GetParam().what);
}

INSTANTIATE_TEST_SUITE_P(
    Members, DecodeDomainFault,
    testing::Values(
        Fault{"{}", "/name: missing"}, Fault{R"({"name":""})", "/name: missing"},
        Fault{R"({"name":5})", "/name: expected a string, found a number 5"},
        Fault{R"({"name":"a b"})", "/name: expected a domain name, found a string \"a b\""},
        Fault{R"({"name":"other.net"})", "/name: \"other.net\" does not fit the key domain:d.net"},
        Fault{R"({"name":"d.net","status":"ACTIVE"})",
              "/status: expected one of ENABLED, DISABLED, PENDING, DELETED, found a string "
              "\"ACTIVE\""},
        Fault{R"({"name":"d.net","status":true})", "/status: expected a string, found true"},
        Fault{R"({"name":"d.net","policy":"Eygdk"})",
              "/policy: expected an object, found a string \"Eygdk\""},
        Fault{R"({"name":"d.net","policy":{"relayProps":{"spamScoreLimit":"abc"}}})",
              "/policy/relayProps/spamScoreLimit: expected a number, found a string \"abc\""},
        Fault{R"({"name":"d.net","policy":{},"policyId":[]})",
              "/policyId: expected a string or an integer, found an array"},
        Fault{R"({"name":"d.net","domainAliases":["x.net"]})",
              "/domainAliases/0: expected an object, found a string \"x.net\""},
        Fault{R"({"name":"d.net","domainAliases":[{"name":"x.net"},{"name":"x..net"}]})",
              "/domainAliases/1/name: expected a domain name, found a string \"x..net\""},
        Fault{R"({"name":"d.net","outgoingSubnets":["192.0.2.0/24",7]})",
              "/outgoingSubnets/1: expected a string, found a number 7"},
        Fault{R"({"name":"d.net","outgoingSubnets":"192.0.2.0/24"})",
              "/outgoingSubnets: expected an array, found a string \"192.0.2.0/24\""},
        Fault{R"({"name":"d.net","outgoingProviders":[{"name":"x"}]})",
              "/outgoingProviders/0/spfProvider: missing"},
        Fault{R"({"name":"d.net","platforms":[{"transportDest":"1.2.3.4"},{}]})",
              "/platforms/1/transportDest: missing"},
        Fault{R"({"name":"d.net","platforms":[null]})",
              "/platforms/0: expected an object, found null"},
        Fault{R"({"name":"d.net","deletionDate":"soon"})",
              "/deletionDate: expected a time (epoch milliseconds or seconds, or ISO 8601), found "
              "a string \"soon\""},
        Fault{R"({"name":"d.net","deletionDate":-1})",
              "/deletionDate: expected a time (epoch milliseconds or seconds, or ISO 8601), found "
              "a number -1"},
        Fault{R"({"name":"d.net","purgeDate":"2026-02-30"})",
              "/purgeDate: expected a time (epoch milliseconds or seconds, or ISO 8601), found a "
              "string \"2026-02-30\""},
        Fault{R"({"name":"d.net","purgeDate":9223372036854775807})",
              "/purgeDate: expected a time (epoch milliseconds or seconds, or ISO 8601), found a "
              "number 9223372036854775807"}));

}  // namespace
}  // namespace postern::policy
