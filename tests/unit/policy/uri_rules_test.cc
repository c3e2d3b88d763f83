// Rules about hosts in URIs: how they are read, and which entry is the host's.
#include "policy/uri_rules.h"

#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fault;
using test::fixture;

std::shared_ptr<const UriRules> rules(
    const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string json;
  for (const auto& [action, filter] : entries) {
    json += (json.empty() ? "" : ",") + std::string(R"({"action":")") + action + R"(","filter":")" +
            filter + "\"}";
  }
  return test::shared_decoded<UriRules>("uris:got.com", "[" + json + "]");
}

TEST(UriRules, ReadTheApisOwnExample) {
  const auto set = test::shared_decoded<UriRules>("uris:stark.net", fixture("uris_stark.net"));
  ASSERT_EQ(set->rules().size(), 1U);
  EXPECT_EQ(set->rules()[0].action, UriAction::skip);
  EXPECT_EQ(set->rules()[0].host, "bulist.com");
  EXPECT_EQ(set->source(), "uris:stark.net");
}

struct Lookup {
  std::string host;
  std::string entry;  // "": none
};

class UriHost : public testing::TestWithParam<Lookup> {};

TEST_P(UriHost, FindsItsMostSpecificEntry) {
  const auto set = rules({{"blacklist_uri_host", "example.com"},
                          {"blacklist_uri_host", "!good.example.com"},
                          {"blacklist_uri_host", "bad.good.example.com"},
                          {"blacklist_uri_host", "192.0.2.1"},
                          {"blacklist_uri_host", "2001:DB8::1"},
                          {"blacklist_uri_host", "Bücher.example"},
                          {"blacklist_uri_host", "twice.org"},
                          {"blacklist_uri_host", "!twice.org"},
                          {"whitelist_uri_host", "org"}});
  const UriRule* rule = set->find(UriAction::block, GetParam().host);
  EXPECT_EQ(rule == nullptr ? "" : rule->filter(), GetParam().entry);
}

INSTANTIATE_TEST_SUITE_P(
    Hosts, UriHost,
    testing::Values(Lookup{"example.com", "example.com"}, Lookup{"a.b.example.com", "example.com"},
                    Lookup{"notexample.com", ""}, Lookup{"com", ""},
                    Lookup{"good.example.com", "!good.example.com"},
                    Lookup{"x.good.example.com", "!good.example.com"},
                    Lookup{"bad.good.example.com", "bad.good.example.com"},
                    Lookup{"192.0.2.1", "192.0.2.1"}, Lookup{"1.192.0.2.1", ""},
                    Lookup{"192.0.2.2", ""}, Lookup{"2001:db8::1", "2001:db8::1"},
                    Lookup{"[2001:db8::1]", "2001:db8::1"},
                    Lookup{"www.xn--bcher-kva.example", "xn--bcher-kva.example"},
                    Lookup{"twice.org", "!twice.org"}, Lookup{"", ""}));

TEST(UriRules, ListsAreIndependent) {
  const auto set = rules({{"URIDNSBL_SKIP_DOMAIN", "a.net"}, {"whitelist_uri_host", "b.net"}});
  EXPECT_NE(set->find(UriAction::skip, "a.net"), nullptr);
  EXPECT_EQ(set->find(UriAction::allow, "a.net"), nullptr);
  EXPECT_TRUE(set->has(UriAction::allow));
  EXPECT_FALSE(set->has(UriAction::block));
}

TEST(UriRules, AreRefusedByTheMemberThatIsWrong) {
  for (const std::string filter : {"http://d.net/", "d net", "!", "[d.net]", "*.d.net"}) {
    EXPECT_TRUE(
        fault("uris:got.com", R"([{"action":"uridnsbl_skip_domain","filter":")" + filter + "\"}]")
            .starts_with("/0/filter: expected a host name or an IP address"))
        << filter;
  }
  EXPECT_EQ(fault("uris:got.com", R"([{"action":"whitelist_uri_host"}])"), "/0/filter: missing");
  EXPECT_EQ(fault("uris:got.com", R"([{"filter":"d.net"}])"), "/0/action: missing");
}

}  // namespace
}  // namespace postern::policy
