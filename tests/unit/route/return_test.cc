// What Postfix is told about addresses that stand for a sender.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/bounce_address.h"
#include "route/route.h"
#include "route/route_report.h"
#include "support/policies.h"

namespace postern::route {
namespace {

using std::chrono::days;

const WallTime kNow{days(20'000)};
const std::vector<Secret>& keys() {
  static const std::vector<Secret> known = {Secret("0123456789abcdef0123456789abcdef")};
  return known;
}

std::string made(WallTime when) {
  const auto address = make_srs_address("Arya@winter.example", "srs.example", when, keys());
  return address ? *address : "";
}

std::string shown(const RouteAnswer& answer) {
  return std::visit(Overloaded{[](const Found& found) { return "OK " + found.value; },
                               [](const NotFound&) -> std::string { return "NOTFOUND"; },
                               [](const Temporary&) -> std::string { return "TEMP"; }},
                    answer);
}

struct KeyCase {
  Table table;
  std::string key;
  std::string with_keys;
  std::string without_keys;
};

class RouteReturns : public testing::TestWithParam<KeyCase> {};

TEST_P(RouteReturns, AnswersItsKey) {
  const auto snapshot =
      test::snapshot_of({{"domain:stark.net", test::domain_json("stark.net", test::kStark)}});
  const auto& [table, key, with_keys, without_keys] = GetParam();
  EXPECT_EQ(shown(answer(*snapshot, table, key, {"", {"srs.example", &keys(), kNow}})), with_keys);
  const std::vector<Secret> none;
  EXPECT_EQ(shown(answer(*snapshot, table, key, {"", {"srs.example", &none, kNow}})), without_keys);
  // Without the setting the domain is nobody's.
  EXPECT_EQ(shown(answer(*snapshot, table, key, {})), "NOTFOUND");
}

const std::string kNoSuch = "OK error:5.1.1 no such address, or one that is no longer good";
const std::string kForged = "SRS0=aaaaaaaa=aa=winter.example=arya@srs.example";
const std::string kOld = made(kNow - days(31));
const std::string kFresh = made(kNow);

INSTANTIATE_TEST_SUITE_P(
    All, RouteReturns,
    testing::Values(KeyCase{Table::relay_domains, "SRS.example", "OK srs.example",
                            "OK srs.example"},
                    KeyCase{Table::relay_domains, "sub.srs.example", "NOTFOUND", "NOTFOUND"},
                    KeyCase{Table::bounce, kFresh, "OK Arya@winter.example", "TEMP"},
                    KeyCase{Table::bounce, kOld, "NOTFOUND", "TEMP"},
                    KeyCase{Table::bounce, kForged, "NOTFOUND", "TEMP"},
                    KeyCase{Table::bounce, "jon@example.org", "NOTFOUND", "NOTFOUND"},
                    KeyCase{Table::bounce, "", "NOTFOUND", "NOTFOUND"},
                    KeyCase{Table::virtual_alias, kFresh, "OK Arya@winter.example", "TEMP"},
                    KeyCase{Table::virtual_alias, kForged, "NOTFOUND", "TEMP"},
                    KeyCase{Table::relay_recipients, kFresh, "OK OK", "TEMP"},
                    KeyCase{Table::relay_recipients, kOld, "NOTFOUND", "TEMP"},
                    KeyCase{Table::relay_recipients, kForged, "NOTFOUND", "TEMP"},
                    KeyCase{Table::relay_recipients, "postmaster@srs.example", "NOTFOUND", "TEMP"},
                    KeyCase{Table::transport, kFresh, "NOTFOUND", "TEMP"},
                    KeyCase{Table::transport, kOld, kNoSuch, "TEMP"},
                    KeyCase{Table::transport, "postmaster@srs.example", kNoSuch, "TEMP"},
                    KeyCase{Table::recipient_checks, kFresh, "OK reject_unverified_recipient",
                            "OK reject_unverified_recipient"},
                    KeyCase{Table::sender_login, kFresh, "NOTFOUND", "NOTFOUND"}));

// Who forwards a stranger's mail does not lend him a customer's login.
TEST(RouteReturns, AForwardedSenderGoesThroughNobodysSmarthost) {
  const auto snapshot = test::snapshot_of(
      {{"domain:winter.example", test::domain_json("winter.example", test::kStark)},
       {"smarthost:winter.example",
        R"({"hostname":"relay.example","portNumber":587,"secureConnection":"STARTTLS",)"
        R"("authenticationEnabled":true,"userId":"w","updatePassword":true,"password":"c2VjcmV0"})"}});
  const RouteOptions options{"", {"srs.example", &keys(), kNow}};
  const auto is_found = [&](Table table, const std::string& key) {
    return std::holds_alternative<Found>(answer(*snapshot, table, key, options));
  };
  EXPECT_TRUE(is_found(Table::sender_transport, "arya@winter.example"));
  EXPECT_TRUE(is_found(Table::sasl_passwd, "arya@winter.example"));
  EXPECT_FALSE(is_found(Table::sender_transport, kFresh));
  EXPECT_FALSE(is_found(Table::sasl_passwd, kFresh));
}

TEST(RouteReturns, ThePersonWhoAsksIsToldForWhomItStands) {
  const auto snapshot = test::snapshot_of({});
  const auto report =
      nlohmann::json::parse(route_report(*snapshot, kFresh, {"", {"srs.example", &keys(), kNow}}));
  const auto row = std::find_if(report["tables"].begin(), report["tables"].end(),
                                [](const auto& one) { return one["table"] == "bounce"; });
  ASSERT_NE(row, report["tables"].end());
  EXPECT_EQ((*row)["answer"], "temporary") << "no policy is in force";
  const auto usable =
      test::snapshot_of({{"domain:stark.net", test::domain_json("stark.net", test::kStark)}});
  const auto told =
      nlohmann::json::parse(route_report(*usable, kFresh, {"", {"srs.example", &keys(), kNow}}));
  bool found = false;
  for (const auto& one : told["tables"]) {
    if (one["table"] == "bounce") found = one["value"] == "Arya@winter.example";
  }
  EXPECT_TRUE(found) << told.dump();
}

}  // namespace
}  // namespace postern::route
