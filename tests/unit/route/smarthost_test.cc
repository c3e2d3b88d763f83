// What Postfix is told about the way of outgoing mail and its login.
#include "route/smarthost.h"

#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::route {
namespace {

std::string shown(const RouteAnswer& answer) {
  return std::visit(Overloaded{[](const Found& found) { return "OK " + found.value; },
                               [](const NotFound&) -> std::string { return "NOTFOUND"; },
                               [](const Temporary& temporary) { return "TEMP " + temporary.why; }},
                    answer);
}

std::string smarthost(const std::string& security, const std::string& login) {
  const std::string members =
      login.empty() ? ""
                    : R"(,"authenticationEnabled":true,"userId":")" + login +
                          R"(","updatePassword":true,"password":"YTpiIGM=")";  // "a:b c"
  return R"({"hostname":"relay.example","portNumber":2525,"secureConnection":")" + security + "\"" +
         members + "}";
}

std::string asked(const std::vector<std::pair<std::string, std::string>>& smarthosts, Table table,
                  std::string_view key) {
  std::vector<std::pair<std::string, std::string>> documents = {
      {"domain:one.net", test::domain_json("one.net", test::kStark, R"("recipientsKnown":false)")},
      {"domain:two.net", test::domain_json("two.net", test::kStark, R"("recipientsKnown":false)")}};
  documents.insert(documents.end(), smarthosts.begin(), smarthosts.end());
  return shown(answer(*test::snapshot_of(documents), table, key, {}));
}

TEST(SenderTransport, TheServiceCarriesTlsAndWhetherThereIsALogin) {
  const struct {
    const char* security;
    const char* login;
    const char* service;
  } cases[] = {{"Plain", "", "postern-none"},       {"Plain", "u", "postern-auth-none"},
               {"STARTTLS", "", "postern-encrypt"}, {"STARTTLS", "u", "postern-auth-encrypt"},
               {"TLS", "", "postern-smtps"},        {"TLS", "u", "postern-auth-smtps"}};
  for (const auto& [security, login, service] : cases) {
    EXPECT_EQ(asked({{"smarthost:one.net", smarthost(security, login)}}, Table::sender_transport,
                    "jon@one.net"),
              "OK " + std::string(service) + ":[relay.example]:2525");
  }
}

TEST(SenderTransport, WhoHasNoneGoesByMxOrByTheDefault) {
  const std::pair<std::string, std::string> own = {"smarthost:one.net", smarthost("TLS", "")};
  const std::pair<std::string, std::string> everybodys = {"smarthost:default",
                                                          smarthost("Plain", "")};
  for (const char* key : {"jon@two.net", "", "<>", "\"<>\"", "*"}) {
    EXPECT_EQ(asked({own}, Table::sender_transport, key), "NOTFOUND") << key;
    EXPECT_EQ(asked({own, everybodys}, Table::sender_transport, key),
              std::string_view(key) == "*" ? "NOTFOUND" : "OK postern-none:[relay.example]:2525")
        << key;
  }
  EXPECT_EQ(asked({own, everybodys}, Table::sender_transport, "Jon@ONE.net"),
            "OK postern-smtps:[relay.example]:2525");
}

TEST(SaslPasswd, TwoCustomersOfOneProviderKeepTheirOwn) {
  const std::vector<std::pair<std::string, std::string>> set = {
      {"smarthost:one.net", smarthost("TLS", "first")},
      {"smarthost:two.net", smarthost("TLS", "second")}};
  EXPECT_EQ(asked(set, Table::sasl_passwd, "jon@one.net"), "OK first:a:b c");
  EXPECT_EQ(asked(set, Table::sasl_passwd, "jon@two.net"), "OK second:a:b c");
  // By the host alone nobody can tell whose it would be.
  for (const char* key : {"relay.example", "[relay.example]:2525", "x@elsewhere.org", "", "<>"}) {
    EXPECT_EQ(asked(set, Table::sasl_passwd, key), "NOTFOUND") << key;
  }
}

TEST(SaslPasswd, TheNullSenderIsAskedForByTheNextHopOfTheDefault) {
  const std::vector<std::pair<std::string, std::string>> set = {
      {"smarthost:default", smarthost("TLS", "everybody")},
      {"smarthost:two.net", smarthost("TLS", "")}};
  EXPECT_EQ(asked(set, Table::sasl_passwd, "[relay.example]:2525"), "OK everybody:a:b c");
  EXPECT_EQ(asked(set, Table::sasl_passwd, "[Relay.example]:2525"), "OK everybody:a:b c");
  EXPECT_EQ(asked(set, Table::sasl_passwd, "[relay.example]:25"), "NOTFOUND");
  EXPECT_EQ(asked(set, Table::sasl_passwd, "jon@one.net"), "OK everybody:a:b c");
  EXPECT_EQ(asked(set, Table::sasl_passwd, "jon@two.net"), "NOTFOUND");
}

TEST(SaslPasswd, WithoutAKnownPasswordTheMailWaits) {
  const std::string keeps =
      R"({"hostname":"relay.example","secureConnection":"TLS","authenticationEnabled":true,)"
      R"("userId":"u","password":"YQ=="})";
  EXPECT_EQ(asked({{"smarthost:one.net", keeps}}, Table::sasl_passwd, "jon@one.net"),
            "TEMP smarthost:one.net: no password is known");
}

}  // namespace
}  // namespace postern::route
