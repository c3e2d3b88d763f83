// What Postfix is told by each table, for keys as Postfix sends them.
#include "route/route.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/policies.h"

namespace postern::route {
namespace {

using policy::Hop;
using policy::TransportType;

std::string shown(const RouteAnswer& answer) {
  return std::visit(Overloaded{[](const Found& found) { return "OK " + found.value; },
                               [](const NotFound&) -> std::string { return "NOTFOUND"; },
                               [](const Temporary& temporary) { return "TEMP " + temporary.why; }},
                    answer);
}

constexpr const char* kNoPlatforms =
    R"({"name":"noplatform.net","status":"ENABLED","platforms":[],"policy":)";

policy::SnapshotPtr house() {
  const std::string stark = test::kStark;
  const auto with_status = [&](const std::string& name, const std::string& status) {
    return R"({"name":")" + name + R"(","status":")" + status + R"(","policy":)" + stark +
           R"(,"platforms":[)" + test::kPlatform + R"(],"domainAliases":[{"name":"alias-of-)" +
           name + R"("}],"outgoingSubnets":["198.51.)" + std::to_string(name.size()) +
           R"(.0/24"]})";
  };
  return test::snapshot_of(
      {{"domain:stark.net",
        test::domain_json(
            "stark.net", stark,
            R"("domainAliases":[{"name":"winterfell.net"},{"name":"bücher.example"}],)"
            R"("outgoingSubnets":["192.0.2.0/25"])")},
       {"domain:disabled.net", with_status("disabled.net", "DISABLED")},
       {"domain:pending.net", with_status("pending.net", "PENDING")},
       {"domain:deleted.example", with_status("deleted.example", "DELETED")},
       {"domain:known.net", test::domain_json("known.net", stark, R"("recipientsKnown":true)")},
       {"user:bran@known.net", R"({"email":"bran@known.net","status":"ENABLED"})"},
       {"user:rickon@known.net", R"({"email":"rickon@known.net","status":"DISABLED"})"},
       {"domain:noplatform.net", kNoPlatforms + stark + "}"},
       {"user:arya@stark.net",
        R"({"email":"arya@stark.net","status":"ENABLED","platform":{"id":"Q","name":"braavos",)"
        R"("transportDest":"mx.braavos.example","transportPort":2525,"transportType":"SMTPS_MAY",)"
        R"("fallbackTransportDest":"2001:db8::25","fallbackTransportPort":null,)"
        R"("fallbackTransportType":"SMTPS_ENCRYPT"}})"},
       {"user:theon@stark.net",
        R"({"email":"theon@stark.net","status":"ENABLED","platformId":"gone"})"},
       {"user:reek@stark.net",
        R"({"email":"reek@stark.net","status":"ENABLED","policyId":"gone"})"}});
}

struct KeyCase {
  Table table;
  std::string key;
  std::string answer;  // or its beginning, for TEMP
};

class RouteTest : public testing::TestWithParam<KeyCase> {};

TEST_P(RouteTest, AnswersItsKey) {
  static const policy::SnapshotPtr snapshot = house();
  const auto& [table, key, expected] = GetParam();
  const std::string got = shown(answer(*snapshot, table, key, {.recipient_delimiters = "+"}));
  if (expected == "TEMP") {
    EXPECT_TRUE(got.starts_with("TEMP ")) << to_string(table) << " " << key << ": " << got;
    EXPECT_GT(got.size(), 10U) << "the reason is said";
  } else {
    EXPECT_EQ(got, expected) << to_string(table) << " " << key;
  }
}

const std::string kDefault = "OK postern-none:[127.0.0.2]:25";
const std::string kLongLocal = std::string(513, 'x');

INSTANTIATE_TEST_SUITE_P(
    RelayDomains, RouteTest,
    testing::Values(KeyCase{Table::relay_domains, "stark.net", "OK stark.net"},
                    KeyCase{Table::relay_domains, "STARK.Net", "OK stark.net"},
                    KeyCase{Table::relay_domains, "winterfell.net", "OK stark.net"},
                    KeyCase{Table::relay_domains, "xn--bcher-kva.example", "OK stark.net"},
                    KeyCase{Table::relay_domains, "bücher.example", "OK stark.net"},
                    KeyCase{Table::relay_domains, "disabled.net", "OK disabled.net"},
                    KeyCase{Table::relay_domains, "pending.net", "OK pending.net"},
                    KeyCase{Table::relay_domains, "deleted.example", "NOTFOUND"},
                    KeyCase{Table::relay_domains, "alias-of-deleted.example", "NOTFOUND"},
                    KeyCase{Table::relay_domains, "sub.stark.net", "NOTFOUND"},
                    KeyCase{Table::relay_domains, "net", "NOTFOUND"},
                    KeyCase{Table::relay_domains, "example.org", "NOTFOUND"},
                    KeyCase{Table::relay_domains, "jon@stark.net", "NOTFOUND"},
                    KeyCase{Table::relay_domains, "[192.0.2.1]", "NOTFOUND"},
                    KeyCase{Table::relay_domains, "", "NOTFOUND"},
                    KeyCase{Table::relay_domains, "*", "NOTFOUND"}));

INSTANTIATE_TEST_SUITE_P(
    RelayClients, RouteTest,
    testing::Values(KeyCase{Table::relay_clients, "192.0.2.1", "OK OK"},
                    KeyCase{Table::relay_clients, "::ffff:192.0.2.1", "OK OK"},
                    KeyCase{Table::relay_clients, "192.0.2.128", "NOTFOUND"},
                    KeyCase{Table::relay_clients, "127.0.0.1", "NOTFOUND"},
                    KeyCase{Table::relay_clients, "2001:db8::1", "NOTFOUND"},
                    KeyCase{Table::relay_clients, "198.51.12.1", "OK OK"},     // disabled.net
                    KeyCase{Table::relay_clients, "198.51.15.1", "NOTFOUND"},  // deleted.example
                    KeyCase{Table::relay_clients, "mail.stark.net", "NOTFOUND"},
                    KeyCase{Table::relay_clients, "192.0.2", "NOTFOUND"},
                    KeyCase{Table::relay_clients, "192.0.2.1.evil.example", "NOTFOUND"},
                    KeyCase{Table::relay_clients, "unknown", "NOTFOUND"},
                    KeyCase{Table::relay_clients, "", "NOTFOUND"}));

INSTANTIATE_TEST_SUITE_P(
    RelayRecipients, RouteTest,
    testing::Values(KeyCase{Table::relay_recipients, "anybody@stark.net", "OK OK"},
                    KeyCase{Table::relay_recipients, "\"any body\"@stark.net", "OK OK"},
                    KeyCase{Table::relay_recipients, "anybody@winterfell.net", "OK OK"},
                    KeyCase{Table::relay_recipients, "anybody@disabled.net", "OK OK"},
                    KeyCase{Table::relay_recipients, "anybody@deleted.example", "NOTFOUND"},
                    KeyCase{Table::relay_recipients, "bran@known.net", "OK OK"},
                    KeyCase{Table::relay_recipients, "\"BRAN\"@Known.NET", "OK OK"},
                    KeyCase{Table::relay_recipients, "bran+raven@known.net", "OK OK"},
                    // Disabled is the milter's to say, with the right code.
                    KeyCase{Table::relay_recipients, "rickon@known.net", "OK OK"},
                    KeyCase{Table::relay_recipients, "hodor@known.net", "NOTFOUND"},
                    KeyCase{Table::relay_recipients, "theon@stark.net", "TEMP"},
                    KeyCase{Table::relay_recipients, "reek@stark.net", "TEMP"},
                    KeyCase{Table::relay_recipients, "jon@example.org", "NOTFOUND"},
                    KeyCase{Table::relay_recipients, "jon", "NOTFOUND"},
                    KeyCase{Table::relay_recipients, "@stark.net", "NOTFOUND"},
                    KeyCase{Table::relay_recipients, "", "NOTFOUND"}));

// As check_recipient_access asks: the address, then its domain and the domains above, then its local part.
INSTANTIATE_TEST_SUITE_P(
    RecipientChecks, RouteTest,
    testing::Values(KeyCase{Table::recipient_checks, "anybody@stark.net",
                            "OK reject_unverified_recipient"},
                    KeyCase{Table::recipient_checks, "anybody@winterfell.net",
                            "OK reject_unverified_recipient"},
                    KeyCase{Table::recipient_checks, "anybody@deleted.example", "NOTFOUND"},
                    KeyCase{Table::recipient_checks, "jon@example.org", "NOTFOUND"},
                    KeyCase{Table::recipient_checks, "stark.net", "NOTFOUND"},
                    KeyCase{Table::recipient_checks, "anybody@", "NOTFOUND"},
                    KeyCase{Table::recipient_checks, "", "NOTFOUND"}));

INSTANTIATE_TEST_SUITE_P(
    Transport, RouteTest,
    testing::Values(KeyCase{Table::transport, "*", "NOTFOUND"},
                    KeyCase{Table::transport, "anybody@stark.net", kDefault},
                    KeyCase{Table::transport, "Anybody@STARK.net", kDefault},
                    KeyCase{Table::transport, "anybody@winterfell.net", kDefault},
                    KeyCase{Table::transport, "anybody@disabled.net", kDefault},
                    KeyCase{Table::transport, "\"any body\"@stark.net", kDefault},
                    KeyCase{Table::transport, "ARYA@stark.net",
                            "OK postern-encrypt:[mx.braavos.example]:2525,[2001:db8::25]:25"},
                    KeyCase{Table::transport, "arya+needle@winterfell.net",
                            "OK postern-encrypt:[mx.braavos.example]:2525,[2001:db8::25]:25"},
                    KeyCase{Table::transport, "anybody@noplatform.net",
                            "OK error:5.1.1 no platform for this domain"},
                    KeyCase{Table::transport, "theon@stark.net", "TEMP"},
                    KeyCase{Table::transport, "reek@stark.net", "TEMP"},
                    // Never by MX: that is we ourselves.
                    KeyCase{Table::transport, kLongLocal + "@stark.net",
                            "OK error:5.1.3 not a mailbox address"},
                    KeyCase{Table::transport, "@stark.net", "OK error:5.1.3 not a mailbox address"},
                    KeyCase{Table::transport, "anybody@deleted.example", "NOTFOUND"},
                    KeyCase{Table::transport, "anybody@example.org", "NOTFOUND"},
                    KeyCase{Table::transport, kLongLocal + "@example.org", "NOTFOUND"},
                    KeyCase{Table::transport, "k@[192.0.2.1]", "NOTFOUND"},
                    KeyCase{Table::transport, "stark.net", "NOTFOUND"},
                    KeyCase{Table::transport, "<>", "NOTFOUND"},
                    KeyCase{Table::transport, "", "NOTFOUND"}));

INSTANTIATE_TEST_SUITE_P(
    VirtualAlias, RouteTest,
    testing::Values(
        KeyCase{Table::virtual_alias, "jon@winterfell.net", "OK jon@stark.net"},
        KeyCase{Table::virtual_alias, "Jon+Snow@Winterfell.NET", "OK Jon+Snow@stark.net"},
        KeyCase{Table::virtual_alias, "\"j on\"@winterfell.net", "OK \"j on\"@stark.net"},
        KeyCase{Table::virtual_alias, "jon@alias-of-disabled.net", "OK jon@disabled.net"},
        KeyCase{Table::virtual_alias, "jon@alias-of-deleted.example", "NOTFOUND"},
        // A dangling id is no reason not to know where an alias leads.
        KeyCase{Table::virtual_alias, "theon@winterfell.net", "OK theon@stark.net"},
        KeyCase{Table::virtual_alias, "jon@stark.net", "NOTFOUND"},
        KeyCase{Table::virtual_alias, "jon@example.org", "NOTFOUND"},
        KeyCase{Table::virtual_alias, "winterfell.net", "NOTFOUND"},
        KeyCase{Table::virtual_alias, "", "NOTFOUND"}));

INSTANTIATE_TEST_SUITE_P(
    SenderLogin, RouteTest,
    testing::Values(KeyCase{Table::sender_login, "jon@stark.net", "OK jon@stark.net"},
                    KeyCase{Table::sender_login, "JON@Stark.NET", "OK jon@stark.net"},
                    KeyCase{Table::sender_login, "jon@winterfell.net",
                            "OK jon@stark.net,jon@winterfell.net"},
                    KeyCase{Table::sender_login, "\"x,arya@stark.net\"@stark.net", "NOTFOUND"},
                    KeyCase{Table::sender_login, "\"x arya@stark.net\"@stark.net", "NOTFOUND"},
                    KeyCase{Table::sender_login, "jon@deleted.example", "NOTFOUND"},
                    KeyCase{Table::sender_login, "jon@example.org", "NOTFOUND"},
                    KeyCase{Table::sender_login, "", "NOTFOUND"}));

INSTANTIATE_TEST_SUITE_P(TablesWithoutDocuments, RouteTest,
                         testing::Values(KeyCase{Table::sender_transport, "jon@stark.net",
                                                 "NOTFOUND"},
                                         KeyCase{Table::tls_policy, "[127.0.0.2]:25", "NOTFOUND"},
                                         KeyCase{Table::sasl_passwd, "jon@stark.net", "NOTFOUND"},
                                         KeyCase{Table::bounce, "b+token@stark.net", "NOTFOUND"}));

TEST(Route, WithoutASnapshotEverythingIsTemporary) {
  const policy::Snapshot nothing;
  for (const Table table : kAllTables) {
    for (const std::string key : {"stark.net", "jon@stark.net", "192.0.2.1", "", "<>"}) {
      EXPECT_TRUE(std::holds_alternative<Temporary>(answer(nothing, table, key, {})))
          << to_string(table) << " " << key;
    }
    // Postfix would remember a failure of this one question.
    EXPECT_TRUE(std::holds_alternative<NotFound>(answer(nothing, table, "*", {})));
  }
}

TEST(Route, TablesHaveTheNamesThatMainCfUses) {
  for (const Table table : kAllTables) EXPECT_EQ(table_from(to_string(table)), table);
  EXPECT_EQ(table_from("relay_domains"), Table::relay_domains);
  EXPECT_FALSE(table_from("RELAY_DOMAINS"));
  EXPECT_FALSE(table_from(""));
}

struct HopCase {
  Hop primary;
  std::optional<Hop> fallback;
  std::string transport;
};

TEST(Route, ThePlatformSaysTheService) {
  constexpr auto kNone = TransportType::smtp;
  constexpr auto kMay = TransportType::smtps_may;
  constexpr auto kMust = TransportType::smtps_encrypt;
  const std::vector<HopCase> cases = {
      {{"mx", 25, kNone}, {}, "postern-none:[mx]:25"},
      {{"mx", 587, kMay}, {}, "postern-may:[mx]:587"},
      {{"mx", 25, kMust}, {}, "postern-encrypt:[mx]:25"},
      {{"mx", 465, kMay}, {}, "postern-smtps:[mx]:465"},
      {{"mx", 465, kMust}, {}, "postern-smtps:[mx]:465"},
      {{"mx", 465, kNone}, {}, "postern-none:[mx]:465"},
      {{"2001:db8::1", 25, kNone}, {}, "postern-none:[2001:db8::1]:25"},
      {{"[192.0.2.1]", 25, kNone}, {}, "postern-none:[192.0.2.1]:25"},
      // The stricter of both protects both.
      {{"a", 25, kNone}, Hop{"b", 26, kMay}, "postern-may:[a]:25,[b]:26"},
      {{"a", 25, kMust}, Hop{"b", 26, kNone}, "postern-encrypt:[a]:25,[b]:26"},
      {{"a", 25, kMay}, Hop{"b", 26, kMust}, "postern-encrypt:[a]:25,[b]:26"},
      {{"a", 465, kMay}, Hop{"b", 465, kNone}, "postern-smtps:[a]:465,[b]:465"},
      // TLS from the first octet and STARTTLS cannot share a service.
      {{"a", 465, kMust}, Hop{"b", 25, kMust}, "postern-smtps:[a]:465"},
      {{"a", 25, kNone}, Hop{"b", 465, kMust}, "postern-none:[a]:25"},
  };
  for (const HopCase& each : cases) {
    policy::Platform platform;
    platform.primary = each.primary;
    platform.fallback = each.fallback;
    EXPECT_EQ(transport_of(platform), each.transport);
  }
}

TEST(Route, AHostThatWouldWriteAnotherAnswerIsTemporary) {
  // As documents that were decoded before their hosts were looked at.
  for (const std::string host : {"a]:25,[evil", "a b", "a,b", "mx:25;x", "", "[]", "a\\u0000"}) {
    policy::SnapshotEditor editor(policy::Snapshot{}, policy::DecodeOptions{});
    const auto key = policy::DocumentKey::parse("domain:x.net");
    const Status put = editor.put(
        *key, R"({"name":"x.net","status":"ENABLED","policy":)" + std::string(test::kStark) +
                  R"(,"platforms":[{"id":"P","name":"p","transportDest":")" + host +
                  R"(","transportType":"SMTP","transportPort":25,"default":true}]})");
    const auto snapshot = editor.finish(1);
    const std::string got = shown(answer(*snapshot, Table::transport, "jon@x.net", {}));
    // Refused as a document, unusable as a hop, or no platform at all: never an answer with this host.
    EXPECT_EQ(got.find(" postern-"), std::string::npos) << host << ": " << got;
    static_cast<void>(put.ok());
  }
}

// ---- groups, the catchall and OpenSRS domains ----------------------------------------------------

policy::SnapshotPtr with_rules() {
  return test::snapshot_of(
      {{"domain:known.net", test::domain_json("known.net", test::kStark,
                                              R"("recipientsKnown":true,)"
                                              R"("domainAliases":[{"name":"alias.net"}])")},
       {"user:bran@known.net", R"({"email":"bran@known.net"})"},
       {"user:both@known.net", R"({"email":"both@known.net"})"},
       {"groups:known.net",
        R"([{"email":"empty@known.net"},{"email":"both@known.net"},)"
        R"({"email":"all@known.net","recipients":[{"email":"bran@known.net","type":"USER"},)"
        R"({"email":"more@known.net","type":"ALIAS"},)"
        R"({"email":"x@far.org","type":"EXTERNAL_ADDRESS"}]},)"
        R"({"email":"more@known.net","recipients":[{"email":"\"a b\"@known.net"}]}])"},
       {"user:arya@caught.net",
        R"({"email":"arya@caught.net","platform":{"id":"Q","name":"q","transportDest":"q.net"}})"},
       {"opensrs:caught.net",
        R"({"catchall":"arya","aliases":["caught.org"],"filtermx":"mx.caught.net:2525"})"},
       {"opensrs:off.net", R"({"disabled":true})"}});
}

TEST(RouteRules, GroupsCatchallAndOpensrsDomains) {
  const std::vector<KeyCase> cases = {
      {Table::relay_recipients, "bran@known.net", "OK OK"},
      {Table::relay_recipients, "all@alias.net", "OK OK"},
      {Table::relay_recipients, "nobody@known.net", "NOTFOUND"},
      {Table::relay_recipients, "empty@known.net", "NOTFOUND"},
      {Table::relay_recipients, "nobody@caught.net", "OK OK"},
      {Table::relay_domains, "caught.net", "OK caught.net"},
      {Table::relay_domains, "caught.org", "OK caught.net"},
      {Table::relay_domains, "off.net", "OK off.net"},
      // Everybody's mail goes where the filter hands it on.
      {Table::transport, "arya@caught.net", "OK postern-may:[mx.caught.net]:2525"},
      {Table::transport, "nobody@caught.org", "OK postern-may:[mx.caught.net]:2525"},
      {Table::transport, "x@off.net", "OK error:5.1.1 no platform for this domain"},
      {Table::virtual_alias, "bran@known.net", "NOTFOUND"},
      {Table::virtual_alias, "bran@alias.net", "OK bran@known.net"},
      {Table::virtual_alias, "ALL@known.net", "OK bran@known.net,\"a b\"@known.net,x@far.org"},
      {Table::virtual_alias, "all@alias.net", "OK bran@known.net,\"a b\"@known.net,x@far.org"},
      {Table::virtual_alias, "both@known.net", "NOTFOUND"},
      {Table::virtual_alias, "empty@known.net", "NOTFOUND"},
      {Table::virtual_alias, "nobody@known.net", "NOTFOUND"},
      {Table::virtual_alias, "nobody@caught.org", "OK arya@caught.net"},
      {Table::virtual_alias, "arya@caught.net", "NOTFOUND"},
      {Table::virtual_alias, "arya@caught.org", "OK arya@caught.net"},
  };
  for (const KeyCase& each : cases) {
    EXPECT_EQ(shown(answer(*with_rules(), each.table, each.key, {})), each.answer)
        << to_string(each.table) << " " << each.key;
  }
}

TEST(RouteRules, AGroupThatIsTooLargeIsTemporary) {
  std::string members;
  for (int i = 0; i <= 1000; ++i) {
    members += std::string(i == 0 ? "" : ",") + R"({"email":"m)" + std::to_string(i) + "@d.net\"}";
  }
  const auto snapshot = test::snapshot_of(
      {{"domain:d.net", test::domain_json("d.net", test::kStark)},
       {"groups:d.net", R"([{"email":"all@d.net","recipients":[)" + members + "]}]"}});
  EXPECT_EQ(shown(answer(*snapshot, Table::virtual_alias, "all@d.net", {})),
            "TEMP group all@d.net: more than 1000 members");
}

}  // namespace
}  // namespace postern::route
