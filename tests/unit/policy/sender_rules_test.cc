// Allow and block rules: how they are read, and whom they name.
#include "policy/sender_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/json_reader.h"
#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fault;
using test::fixture;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> naming(const SenderRules& rules, std::string_view sender) {
  std::vector<std::string> found;
  rules.for_each_match(*mail::Address::parse(sender), [&found](const SenderRule& rule) {
    found.push_back(std::string(to_string(rule.type)) + " " + rule.value);
  });
  return found;
}

std::shared_ptr<const SenderRules> list(const std::string& elements) {
  return test::shared_decoded<SenderRules>("wblist:got.com", "[" + elements + "]");
}

std::string block(const std::string& value) {
  return R"({"type":"BLOCK","value":")" + value + "\"}";
}

TEST(SenderRules, ReadTheApisOwnExamples) {
  const auto domain =
      test::shared_decoded<SenderRules>("wblist:alive.net", fixture("wblist_alive.net"));
  ASSERT_EQ(domain->rules().size(), 5U);
  const SenderRule& allow = domain->rules()[0];
  EXPECT_EQ(allow.id, "ByE3n");
  EXPECT_EQ(allow.type, SenderRuleType::allow);
  EXPECT_EQ(allow.value, "daenerys@goodguys.fr");
  EXPECT_FALSE(allow.expire_at);
  EXPECT_TRUE(allow.wants_authentication());
  const SenderRule& expiring = domain->rules()[3];
  EXPECT_EQ(expiring.value, "deadguys.fr");
  const auto last = *time_from_iso8601("2026-05-25T15:52:20Z");
  EXPECT_FALSE(expiring.has_expired(last - std::chrono::milliseconds(1)));
  EXPECT_TRUE(expiring.has_expired(last));
  EXPECT_FALSE(expiring.wants_authentication());

  const auto user = test::shared_decoded<SenderRules>("wblist:notyet@iswittercoming.net",
                                                      fixture("wblist_notyet@iswittercoming.net"));
  EXPECT_FALSE(user->rules()[0].wants_authentication());
  EXPECT_THAT(naming(*user, "baelish@badguys.fr"), ElementsAre("ALLOW baelish@badguys.fr"));
  EXPECT_EQ(fault("wblist:alive.net", fixture("wblist_as_posted")), "");
}

struct Value {
  std::string written;
  std::string read;  // empty: refused
};

class SenderRuleValue : public testing::TestWithParam<Value> {};

TEST_P(SenderRuleValue, HasOneForm) {
  EXPECT_EQ(sender_rule_value(GetParam().written).value_or(""), GetParam().read);
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, SenderRuleValue,
    testing::Values(Value{"Daenerys@GoodGuys.FR", "daenerys@goodguys.fr"},
                    Value{" \"joe\"@d.net ", "joe@d.net"}, Value{"DeadGuys.fr.", "deadguys.fr"},
                    Value{"@d.net", "d.net"}, Value{"*@d.net", "d.net"}, Value{".d.net", ".d.net"},
                    Value{"*.d.net", ".d.net"}, Value{"*@*.d.net", ".d.net"},
                    Value{"bücher.example", "xn--bcher-kva.example"}, Value{"", ""}, Value{"@", ""},
                    Value{"*", ""}, Value{"a b.net", ""}, Value{"joe@", ""}, Value{"..", ""}));

TEST(SenderRules, NameAnAddressItsDomainAndWhatItIsBelow) {
  const auto rules = list(block("joe@a.b.net") + "," + block("a.b.net") + "," + block("@a.b.net") +
                          "," + block(".b.net") + "," + block("b.net") + "," + block("*.net"));
  EXPECT_THAT(naming(*rules, "JOE@A.B.NET"),
              ElementsAre("BLOCK joe@a.b.net", "BLOCK a.b.net", "BLOCK a.b.net", "BLOCK .b.net",
                          "BLOCK .net"));
  EXPECT_THAT(naming(*rules, "x@b.net"), ElementsAre("BLOCK b.net", "BLOCK .net"));
  EXPECT_THAT(naming(*rules, "x@notb.net"), ElementsAre("BLOCK .net"));
  EXPECT_THAT(naming(*rules, "joe+x@other.org"), IsEmpty());
}

TEST(SenderRules, SeveralForOneValueAreAllKeptInTheirOrder) {
  const auto rules = list(R"({"value":"d.net","type":"ALLOW","expireAt":1},
                             {"value":"x.net","type":"BLOCK"},
                             {"value":"@D.net","type":"block"},
                             {"value":"d.net","type":"protected"})");
  EXPECT_THAT(naming(*rules, "a@d.net"),
              ElementsAre("ALLOW d.net", "BLOCK d.net", "PROTECTED d.net"));
}

TEST(SenderRules, SayWhetherAnyRuleOfATypeIsStillInForce) {
  const auto rules = list(R"({"value":"d.net","type":"ALLOW","expireAt":2000000000},
                             {"value":"joe@d.net","type":"ALLOW","expireAt":1000000000},
                             {"value":"x.net","type":"BLOCK"})");
  const auto at = [](std::int64_t second) { return *time_from_epoch(second); };
  EXPECT_TRUE(rules->has(SenderRuleType::allow));
  EXPECT_FALSE(rules->has(SenderRuleType::protect));
  EXPECT_TRUE(rules->has_in_force(SenderRuleType::allow, at(1999999999)));
  EXPECT_FALSE(rules->has_in_force(SenderRuleType::allow, at(2000000000)));
  EXPECT_TRUE(rules->has_in_force_of_addresses(SenderRuleType::allow, at(999999999)));
  EXPECT_FALSE(rules->has_in_force_of_addresses(SenderRuleType::allow, at(1000000000)));
  EXPECT_TRUE(rules->has_in_force(SenderRuleType::block, at(2000000000)));
  EXPECT_FALSE(rules->has_in_force_of_addresses(SenderRuleType::block, at(0)));
}

TEST(SenderRules, AreRefusedByTheMemberThatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"value":"d.net"})", "the document: expected an array"},
      {R"(["d.net"])", "/0: expected an object"},
      {R"([{"value":"d.net","type":"BLOCK"},{"type":"BLOCK"}])", "/1/value: missing"},
      {R"([{"value":"d.net"}])", "/0/type: missing"},
      {R"([{"value":"d.net","type":"DENY"}])", "/0/type: expected one of ALLOW, BLOCK, PROTECTED"},
      {R"([{"value":"no domain","type":"BLOCK"}])",
       "/0/value: expected a mail address or a domain"},
      {R"([{"value":"d.net","type":"BLOCK","expireAt":"soon"}])", "/0/expireAt: expected a time"},
      {R"([{"value":"d.net","type":"ALLOW","spfOn":"yes"}])", "/0/spfOn: expected a boolean"},
      {R"([{"value":"d.net","type":"BLOCK","owner":"stark.net"}])",
       R"(/0/owner: "stark.net" does not fit the key wblist:got.com)"},
  };
  for (const auto& [json, why] : cases) {
    const std::string got = fault("wblist:got.com", json);
    EXPECT_TRUE(got.starts_with(why)) << json << ": " << got;
  }
  // The API takes rules of several owners in one request; they are several documents.
  EXPECT_NE(fault("wblist:iswittercoming.net", fixture("wblist_two_owners_as_posted")), "");
}

TEST(SenderRules, AnOwnerMayBeSpelledInAnyWay) {
  EXPECT_EQ(fault("wblist:joe@got.com",
                  R"([{"value":"d.net","type":"BLOCK","owner":" \"JOE\"@GoT.com"}])"),
            "");
}

}  // namespace
}  // namespace postern::policy
