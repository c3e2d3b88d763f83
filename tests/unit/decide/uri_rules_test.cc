// Rules about hosts in URIs: what they do to the score.
#include "decide/uri_rules.h"

#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::decide {
namespace {

struct Row {
  std::string name;
  std::string rules;  // "block a.net,skip b.net"; "-": no document
  std::vector<std::string> hosts;
  std::vector<UriHit> hits;
  MilliScore score;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

std::string rules_json(std::string_view rules) {
  std::string json;
  while (!rules.empty()) {
    const std::string_view one = rules.substr(0, rules.find(','));
    rules.remove_prefix(std::min(rules.size(), one.size() + 1));
    const std::string_view verb = one.substr(0, one.find(' '));
    const std::string action = verb == "block"   ? "BLACKLIST_URI_HOST"
                               : verb == "allow" ? "WHITELIST_URI_HOST"
                                                 : "URIDNSBL_SKIP_DOMAIN";
    json += (json.empty() ? "" : ",") + std::string(R"({"action":")") + action + R"(","filter":")" +
            std::string(one.substr(verb.size() + 1)) + "\"}";
  }
  return "[" + json + "]";
}

MilliScore score(const Row& row, Explanation* why = nullptr) {
  test::Documents documents = {{"domain:got.com", test::domain_json("got.com", test::kStark)}};
  if (row.rules != "-") documents.emplace_back("uris:got.com", rules_json(row.rules));
  const auto snapshot = test::snapshot_of(documents);
  const auto joe = policy::resolve(*snapshot, *mail::Address::parse("joe@got.com"), "");
  return uri_score(row.hosts, row.hits, std::get<policy::RecipientPolicy>(joe), why);
}

class UriScore : public testing::TestWithParam<Row> {};

TEST_P(UriScore, IsAddedToTheScannersScore) { EXPECT_EQ(score(GetParam()), GetParam().score); }

const UriHit kHit{"URIBL_BLACK", 1700, {"a.net"}};

INSTANTIATE_TEST_SUITE_P(
    Rows, UriScore,
    testing::Values(
        Row{"NoDocument", "-", {"a.net"}, {kHit}, 0}, Row{"NoHost", "block a.net", {}, {}, 0},
        Row{"OtherHost", "block a.net", {"b.net"}, {}, 0},
        Row{"Block", "block a.net", {"b.net", "www.a.net"}, {}, 100'000},
        Row{"BlockOnce", "block a.net,block b.net", {"a.net", "b.net", "x.a.net"}, {}, 100'000},
        Row{"Allow", "allow a.net", {"a.net"}, {}, -100'000},
        Row{"BothAreNothing", "allow a.net,block b.net", {"a.net", "b.net"}, {}, 0},
        Row{"Excluded", "block a.net,block !x.a.net", {"y.x.a.net"}, {}, 0},
        Row{"Skip", "skip net", {"a.net"}, {kHit}, -1700},
        Row{"SkipOther", "skip b.net", {"a.net"}, {kHit}, 0},
        Row{"SkipOneOfTwo", "skip a.net", {}, {{"URIBL", 1000, {"a.net", "b.net"}}}, 0},
        Row{"SkipBoth", "skip a.net,skip b.net", {}, {{"URIBL", 1000, {"a.net", "b.net"}}}, -1000},
        Row{"SkipExcluded", "skip net,skip !a.net", {}, {kHit}, 0},
        Row{"AHitForNobodyStays", "skip net", {}, {{"URIBL", 1000, {}}}, 0},
        Row{"SkipSaysNothingOfTheOthers", "skip a.net,block a.net", {"a.net"}, {kHit}, 98'300}),
    [](const auto& row) { return row.param.name; });

TEST(UriScoreExplanation, NamesTheEntryAndTheHost) {
  Explanation why;
  score({"", "block a.net,skip a.net", {"www.a.net"}, {kHit}, 0}, &why);
  ASSERT_EQ(why.considered().size(), 2U);
  EXPECT_EQ(why.considered()[0].rule, "blacklist_uri_host a.net");
  EXPECT_EQ(why.considered()[0].source, "uris:got.com");
  EXPECT_EQ(why.considered()[0].finding, "the message names www.a.net: 100.0");
  EXPECT_EQ(why.considered()[1].finding,
            "URIBL_BLACK is for such hosts alone: its 1.7 points do not count");
}

}  // namespace
}  // namespace postern::decide
