// RCPT: who may receive, in the order of the semantics, with the code each refusal has.
#include "decide/recipient.h"

#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::decide {
namespace {

using test::domain_json;

policy::SnapshotPtr house() {
  const std::string no_incoming = R"({"quarantine":false,"incoming":false})";
  return test::snapshot_of({
      {"domain:stark.net", domain_json("stark.net", test::kStark,
                                       R"("domainAliases":[{"id":"x","name":"starks.net"}])")},
      {"domain:off.net", R"({"name":"off.net","status":"DISABLED","policyId":"nowhere"})"},
      {"domain:soon.net", R"({"name":"soon.net","status":"PENDING","policyId":"nowhere"})"},
      {"domain:gone.net", R"({"name":"gone.net","status":"DELETED","policyId":"nowhere"})"},
      {"domain:dangling.net", R"({"name":"dangling.net","status":"ENABLED","policyId":"nowhere"})"},
      {"domain:silent.net", domain_json("silent.net", no_incoming)},
      {"domain:nowhere.net",
       std::string(R"({"name":"nowhere.net","status":"ENABLED","policy":)") + test::kStark + "}"},
      {"domain:known.net", domain_json("known.net", test::kStark, R"("recipientsKnown":true)")},
      {"user:ned@known.net", R"({"email":"ned@known.net","status":"ENABLED"})"},
      {"user:viserys@stark.net",
       R"({"email":"viserys@stark.net","status":"DISABLED","policyId":"nowhere"})"},
      {"user:joffrey@stark.net", R"({"email":"joffrey@stark.net","status":"DISABLED"})"},
      {"user:bran@stark.net", R"({"email":"bran@stark.net","status":"PENDING"})"},
      {"user:jon@stark.net",
       R"({"email":"jon@stark.net","status":"ENABLED","domainStatus":"DISABLED"})"},
  });
}

struct Row {
  std::string recipient;
  std::optional<std::uint64_t> size;
  std::string reply;  // empty: admitted
};

class Recipients : public testing::TestWithParam<Row> {};

TEST_P(Recipients, AreJudged) {
  const auto snapshot = house();
  const auto recipient = mail::parse_recipient({GetParam().recipient});
  ASSERT_TRUE(recipient);
  const auto verdict = judge_recipient(*snapshot, *recipient, GetParam().size, "+", nullptr);
  const auto* const reply = std::get_if<mail::Reply>(&verdict);
  EXPECT_EQ(reply == nullptr ? "" : std::to_string(reply->code) + " " + reply->enhanced,
            GetParam().reply);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Recipients,
    testing::Values(Row{"<anyone@stark.net>", {}, ""}, Row{"<Anyone@STARKS.net>", {}, ""},
                    Row{"<bran@stark.net>", {}, ""}, Row{"<a@elsewhere.net>", {}, "554 5.7.1"},
                    Row{"<a@gone.net>", {}, "554 5.7.1"}, Row{"<a@off.net>", {}, "550 5.2.1"},
                    Row{"<a@soon.net>", {}, "451 4.3.0"}, Row{"<a@dangling.net>", {}, "451 4.3.0"},
                    Row{"<a@silent.net>", {}, "550 5.7.1"}, Row{"<a@nowhere.net>", {}, "550 5.1.1"},
                    Row{"<ned@known.net>", {}, ""}, Row{"<robb@known.net>", {}, "550 5.1.1"},
                    Row{"<joffrey@stark.net>", {}, "550 5.2.1"},
                    Row{"<\"joffrey\"@stark.net>", {}, "550 5.2.1"},
                    Row{"<JOFFREY@starks.net>", {}, "550 5.2.1"},
                    Row{"<joffrey+king@stark.net>", {}, "550 5.2.1"},
                    Row{"<jon@stark.net>", {}, "550 5.2.1"},
                    Row{"<viserys@stark.net>", {}, "550 5.2.1"},
                    Row{"<a@stark.net>", 21U << 20, ""},
                    Row{"<a@stark.net>", (21U << 20) + 1, "552 5.3.4"}));

TEST(Alias, IsTheSameMailbox) {
  const auto snapshot = house();
  const auto verdict =
      judge_recipient(*snapshot, *mail::parse_recipient({"<Sansa@starks.net>"}), {}, "", nullptr);
  const auto* const rules = std::get_if<Served>(&verdict);
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(rules->rules.canonical.to_string(), "Sansa@stark.net");
  EXPECT_TRUE(rules->rules.through_alias);
}

TEST(Replies, EchoNothingUnprintable) {
  const auto verdict =
      judge_recipient(*house(), *mail::parse_recipient({"<\"a\x01\tb\"@x.net>"}), {}, "", nullptr);
  EXPECT_EQ(std::get<mail::Reply>(verdict).text, "<\"a??b\"@x.net>: relay access denied");
}

}  // namespace
}  // namespace postern::decide
