// Servers that take outgoing mail: how their documents are read, and whose mail goes through which.
#include "policy/smarthost.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/resolve.h"
#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::fault;
using testing::HasSubstr;

constexpr const char* kName = "smarthost:default";

// A sound document, with members laid over it.
std::string document(const std::string& more = "") {
  return R"({"hostname":"relay.example","secureConnection":"STARTTLS","portNumber":587)" +
         (more.empty() ? "" : "," + more) + "}";
}
std::string with_login(const std::string& more) {
  return document(R"("authenticationEnabled":true,"userId":"user1",)" + more);
}

TEST(Smarthost, TheApisOwnExampleIsReadWholeAndWarnedOf) {
  const std::string example =
      R"({"instanceID":1234568790,"hostname":"172.17.17.116","authenticationEnabled":true,)"
      R"("userId":"user1","updatePassword":true,"password":"a2FzaGltYTE=",)"
      R"("senderAddress":"user@example.com","secureConnection":"Plain","portNumber":25})";
  const auto smarthost = decoded<Smarthost>(kName, example);
  EXPECT_EQ(smarthost.instance_id, "1234568790");
  EXPECT_EQ(smarthost.host, "172.17.17.116");
  EXPECT_EQ(smarthost.port, 25);
  EXPECT_EQ(smarthost.security, SmarthostSecurity::plain);
  EXPECT_TRUE(smarthost.authenticates);
  EXPECT_EQ(smarthost.user, "user1");
  EXPECT_EQ(smarthost.password.reveal(), "kashima1");
  EXPECT_EQ(smarthost.sender, "user@example.com");
  EXPECT_TRUE(smarthost.risks_its_password());
  DecodeOptions strict;
  strict.allow_plain_auth = false;
  EXPECT_EQ(fault(kName, example, strict),
            "/secureConnection: Plain, and authenticationEnabled is true "
            "(outgoing.allow_plain_auth)");
}

TEST(Smarthost, TheApisAnswerHasNoLoginAndAnIdAsInAUrl) {
  const auto smarthost = decoded<Smarthost>(
      "smarthost:mailServerSetting#0",
      R"({"instanceID":"mailServerSetting%230","hostname":"172.17.17.116",)"
      R"("authenticationEnabled":"false","userId":"user1","senderAddress":"user@example.com",)"
      R"("secureConnection":"plain","portNumber":"25"})");
  EXPECT_EQ(smarthost.instance_id, "mailServerSetting#0");
  EXPECT_FALSE(smarthost.authenticates);
  EXPECT_EQ(smarthost.port, 25);
  EXPECT_FALSE(smarthost.risks_its_password());
  EXPECT_TRUE(smarthost.faults.empty());
}

TEST(Smarthost, EverySpellingOfASecureConnection) {
  const struct {
    const char* written;
    SmarthostSecurity meant;
    std::uint16_t usual_port;
  } cases[] = {
      {"Plain", SmarthostSecurity::plain, 25},       {"PLAIN", SmarthostSecurity::plain, 25},
      {"TLS", SmarthostSecurity::tls, 465},          {"ssl", SmarthostSecurity::tls, 465},
      {"starttls", SmarthostSecurity::starttls, 25}, {"StartTLS", SmarthostSecurity::starttls, 25}};
  for (const auto& [written, meant, usual_port] : cases) {
    const auto smarthost =
        decoded<Smarthost>(kName, R"({"hostname":"relay.example","secureConnection":")" +
                                      std::string(written) + "\"}");
    EXPECT_EQ(smarthost.security, meant) << written;
    EXPECT_EQ(smarthost.port, usual_port) << written;
  }
}

TEST(Smarthost, BooleansAreReadAsBooleansAndAsWords) {
  for (const char* yes : {"true", "\"true\"", "\"TRUE\""}) {
    const auto smarthost = decoded<Smarthost>(
        kName, document(R"("userId":"u","authenticationEnabled":)" + std::string(yes) +
                        R"(,"updatePassword":)" + yes + R"(,"password":"a2FzaGltYTE=")"));
    EXPECT_TRUE(smarthost.authenticates) << yes;
    EXPECT_EQ(smarthost.password.reveal(), "kashima1") << yes;
  }
  for (const char* no : {"false", "\"False\"", "\"\"", "null"}) {
    EXPECT_FALSE(
        decoded<Smarthost>(kName, document(R"("authenticationEnabled":)" + std::string(no)))
            .authenticates);
  }
}

TEST(Smarthost, WhatIsWrongIsNamedAndNoPasswordIsQuoted) {
  const struct {
    std::string json;
    const char* fault;
  } cases[] = {
      {R"({"secureConnection":"TLS"})", "/hostname: missing"},
      {R"({"hostname":"relay.example"})", "/secureConnection: missing"},
      {R"({"hostname":"a]:25,[evil","secureConnection":"TLS"})",
       "/hostname: expected an IP address"},
      {document(R"("portNumber2":1)"), ""},
      {R"({"hostname":"r.example","secureConnection":"TLS","portNumber":0})", "/portNumber: "},
      {R"({"hostname":"r.example","secureConnection":"TLS","portNumber":"25x"})", "/portNumber: "},
      {R"({"hostname":"r.example","secureConnection":"SSH"})",
       "/secureConnection: expected one of"},
      {document(R"("authenticationEnabled":"maybe")"),
       "/authenticationEnabled: expected a boolean"},
      {document(R"("authenticationEnabled":true)"), "/userId: missing"},
      {document(R"("senderAddress":"no address")"), "/senderAddress: expected a mailbox address"},
      {with_login(R"("updatePassword":true)"), "/password: missing, and updatePassword is true"},
      {with_login(R"("updatePassword":true,"password":"hunter2!")"), "/password: not base64"},
      {with_login(R"("updatePassword":true,"password":17)"), "/password: expected a string, found"},
      {with_login(R"("updatePassword":true,"password":"YQpi")"),
       "/password: holds a control character"},
      {document(
           R"("authenticationEnabled":true,"userId":"a:b","updatePassword":true,"password":"YQ==")"),
       "/userId: holds a colon or a control character"}};
  for (const auto& [json, expected] : cases) {
    const std::string said = fault(kName, json);
    if (*expected == '\0') {
      EXPECT_EQ(said, "") << json;
    } else {
      EXPECT_THAT(said, HasSubstr(expected)) << json;
    }
    EXPECT_EQ(said.find("hunter2"), std::string::npos);
  }
}

TEST(Smarthost, WithoutUpdatePasswordThePasswordIsNotRead) {
  for (const char* member : {"", R"("updatePassword":false,)", R"("updatePassword":"false",)"}) {
    const auto smarthost =
        decoded<Smarthost>(kName, with_login(member + std::string(R"("password":"a2FzaGltYTE=")")));
    EXPECT_TRUE(smarthost.password.empty());
    ASSERT_EQ(smarthost.faults.size(), 1U);
    EXPECT_THAT(smarthost.faults[0], HasSubstr("/password: updatePassword is not true"));
  }
}

TEST(Smarthost, TheOneInForceKeepsItsPasswordUntilItIsUpdated) {
  const auto in_force =
      decoded<Smarthost>(kName, with_login(R"("updatePassword":true,"password":"a2FzaGltYTE=")"));
  const std::string kept =
      with_kept_password(document(R"("authenticationEnabled":true,"userId":"other")"), in_force);
  const auto after = decoded<Smarthost>(kName, kept);
  EXPECT_EQ(after.password.reveal(), "kashima1");
  EXPECT_EQ(after.user, "other");
  EXPECT_TRUE(after.faults.empty());
  // Written again it is the same text: nothing has changed.
  EXPECT_EQ(with_kept_password(document(R"("authenticationEnabled":true,"userId":"other")"), after),
            kept);
  const std::string update = with_login(R"("updatePassword":true,"password":"bmV3")");
  EXPECT_EQ(with_kept_password(update, in_force), update);
  EXPECT_EQ(with_kept_password("no JSON", in_force), "no JSON");
}

std::string through(const SnapshotPtr& set, const std::string& sender) {
  const auto address = mail::Address::parse(sender);
  const Smarthost* const found = find_smarthost(*set, address);
  return found == nullptr ? "MX" : found->id;
}

std::vector<std::pair<std::string, std::string>> the_set() {
  const auto domain = [](const std::string& name, const std::string& alias) {
    return R"({"name":")" + name + R"(","policy":{"name":"p"},"domainAliases":[{"name":")" + alias +
           R"("}]})";
  };
  return {{"domain:got.com", domain("got.com", "thrones.example")},
          {"domain:stark.net", domain("stark.net", "winterfell.net")},
          {"domain:sub.got.com", domain("sub.got.com", "sub.example")},
          {"smarthost:GoT.com", document()},
          {"smarthost:system-a", document(R"("senderAddress":"noc@provider.example")")},
          {"smarthost:system-b", document(R"("senderAddress":"Noc@provider.example")")},
          {"smarthost:system-c", document(R"("senderAddress":"arya@stark.net")")}};
}

TEST(Smarthost, EachDomainsMailTakesItsOwnWay) {
  auto documents = the_set();
  const auto without_default = test::set_of(documents);
  documents.push_back({"smarthost:default", document()});
  const auto set = test::set_of(documents);
  const struct {
    const char* sender;
    const char* way;
    const char* without_default;
  } cases[] = {
      {"jon@got.com", "got.com", "got.com"},
      {"jon@THRONES.example", "got.com", "got.com"},     // an alias of it
      {"b+token@bounce.got.com", "got.com", "got.com"},  // a custom MAIL FROM domain
      {"jon@sub.got.com", "default", "MX"},              // a customer of its own
      {"x@deeper.sub.got.com", "default", "MX"},         // and what is below it
      {"arya@stark.net", "default", "MX"},               // nobody else's document takes it away
      {"noc@provider.example", "system-a", "system-a"},
      {"other@provider.example", "default", "MX"},
      {"jon@xgot.com", "default", "MX"},
      {"", "default", "MX"},
  };
  for (const auto& [sender, way, otherwise] : cases) {
    EXPECT_EQ(through(set, sender), way) << sender;
    EXPECT_EQ(through(without_default, sender), otherwise) << sender;
  }
}

TEST(Smarthost, WhatIsDeletedOrChangedIsForgotten) {
  SnapshotEditor editor(*test::set_of(the_set()), {});
  editor.erase(test::key("smarthost:got.com"));
  editor.erase(test::key("smarthost:system-a"));
  ASSERT_TRUE(editor.put(test::key("smarthost:system-b"), document()));
  const auto set = editor.finish(2);
  EXPECT_EQ(through(set, "jon@got.com"), "MX");
  EXPECT_EQ(through(set, "noc@provider.example"), "MX");
  EXPECT_EQ(set->count(DocumentType::smarthost), 2U);
}

}  // namespace
}  // namespace postern::policy
