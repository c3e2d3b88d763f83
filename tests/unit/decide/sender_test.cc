// MAIL and header From: who may send through us, as whom, and what the others are told.
#include "decide/sender.h"

#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::decide {
namespace {

using test::domain_json;

constexpr const char* kSending = R"({"quarantine":false,"outgoing":true,"mailSizeLimit":5})";

policy::SnapshotPtr house() {
  return test::snapshot_of({
      {"domain:got.com", domain_json("got.com", kSending,
                                     R"("outgoingSubnets":["192.0.2.0/28"],
                                        "domainAliases":[{"name":"thrones.com"}])")},
      {"domain:other.com",
       domain_json("other.com", kSending, R"("outgoingSubnets":["198.51.100.7"])")},
      {"domain:quiet.com",
       domain_json("quiet.com", test::kStark, R"("outgoingSubnets":["192.0.2.0/28"])")},
      {"domain:off.com", R"({"name":"off.com","status":"DISABLED","policyId":"x",
                             "outgoingSubnets":["192.0.2.0/28"]})"},
      {"domain:soon.com", R"({"name":"soon.com","status":"PENDING","policyId":"x",
                              "outgoingSubnets":["192.0.2.0/28"]})"},
      {"domain:dangling.com", R"({"name":"dangling.com","status":"ENABLED","policyId":"x",
                                  "outgoingSubnets":["192.0.2.0/28"]})"},
      {"domain:buried.com", R"({"name":"buried.com","status":"DELETED","policyId":"x",
                                "outgoingSubnets":["192.0.2.96/28"]})"},
      {"user:theon@got.com", R"({"email":"theon@got.com","status":"DISABLED"})"},
  });
}

struct Row {
  std::string login;
  std::string client;
  std::string sender;
  std::string expected;  // "in", "out <domain>", "out ?" (the header From decides) or a code
};

std::string describe(const SenderVerdict& verdict) {
  return std::visit(Overloaded{[](const Incoming&) -> std::string { return "in"; },
                               [](const Outgoing& outgoing) {
                                 return "out " +
                                        (outgoing.domain == nullptr ? "?" : outgoing.domain->name);
                               },
                               [](const mail::Reply& reply) {
                                 return std::to_string(reply.code) + " " + reply.enhanced;
                               }},
                    verdict);
}

class Senders : public testing::TestWithParam<Row> {};

TEST_P(Senders, AreJudged) {
  const auto snapshot = house();
  const mail::Sender sender = mail::parse_sender({GetParam().sender});
  const SenderClaim claim{sender, GetParam().login, IpAddress::parse(GetParam().client), ""};
  EXPECT_EQ(describe(judge_sender(*snapshot, claim)), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Senders,
    testing::Values(
        Row{"", "203.0.113.1", "<a@elsewhere.net>", "in"},
        Row{"", "", "root@mx.provider.example", "out ?"}, Row{"", "", "arya@got.com", "in"},
        Row{"", "192.0.2.100", "<a@buried.com>", "in"}, Row{"", "203.0.113.1", "<a@got.com>", "in"},
        Row{"", "203.0.113.1", "<>", "in"}, Row{"", "192.0.2.5", "<arya@got.com>", "out got.com"},
        Row{"", "192.0.2.5", "<arya@Thrones.COM>", "out got.com"},
        Row{"", "192.0.2.16", "<arya@got.com>", "in"},
        Row{"", "192.0.2.5", "<a@elsewhere.net>", "553 5.7.1"},
        Row{"", "192.0.2.5", "<a@other.com>", "553 5.7.1"},
        Row{"", "192.0.2.5", "<nonsense>", "553 5.7.1"}, Row{"", "192.0.2.5", "<>", "out ?"},
        Row{"", "198.51.100.7", "<a@other.com>", "out other.com"},
        Row{"", "192.0.2.5", "<a@quiet.com>", "550 5.7.1"},
        Row{"", "192.0.2.5", "<a@off.com>", "550 5.7.1"},
        Row{"", "192.0.2.5", "<a@soon.com>", "550 5.7.1"},
        Row{"", "192.0.2.5", "<a@dangling.com>", "451 4.3.0"},
        Row{"", "192.0.2.5", "<theon@got.com>", "550 5.7.1"},
        Row{"arya@got.com", "203.0.113.1", "<arya@got.com>", "out got.com"},
        Row{"arya@got.com", "203.0.113.1", "<sansa@thrones.com>", "out got.com"},
        Row{"arya@got.com", "203.0.113.1", "<>", "out got.com"},
        Row{"arya@got.com", "203.0.113.1", "<a@other.com>", "553 5.7.1"},
        Row{"arya@got.com", "203.0.113.1", "<a@elsewhere.net>", "553 5.7.1"},
        Row{"theon@got.com", "203.0.113.1", "<arya@got.com>", "550 5.7.1"},
        Row{"arya@got.com", "203.0.113.1", "<theon@got.com>", "550 5.7.1"},
        Row{"a@elsewhere.net", "203.0.113.1", "<a@elsewhere.net>", "553 5.7.1"},
        Row{"arya", "203.0.113.1", "<arya@got.com>", "553 5.7.1"},
        Row{"a@quiet.com", "203.0.113.1", "<a@quiet.com>", "550 5.7.1"}));

struct AuthorRow {
  std::string sender;
  std::string from;
  std::string expected;
};

class Authors : public testing::TestWithParam<AuthorRow> {};

TEST_P(Authors, OwnTheHeaderFrom) {
  const auto snapshot = house();
  const mail::Sender sender = mail::parse_sender({GetParam().sender});
  const auto verdict = judge_sender(*snapshot, {sender, "", IpAddress::parse("192.0.2.5"), ""});
  const auto* const outgoing = std::get_if<Outgoing>(&verdict);
  ASSERT_NE(outgoing, nullptr);
  mail::Message message;
  if (!GetParam().from.empty()) message.add_header("From", " " + GetParam().from);
  const auto judged = judge_author(*snapshot, *outgoing, mail::header_from(message), "");
  const auto* const reply = std::get_if<mail::Reply>(&judged);
  std::string said = reply == nullptr ? "" : std::to_string(reply->code);
  if (const auto* const authorship = std::get_if<Authorship>(&judged)) {
    said = authorship->outgoing.domain->name + (authorship->may_be_signed ? "" : " unsigned");
  }
  EXPECT_EQ(said, GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Authors,
    testing::Values(AuthorRow{"<arya@got.com>", "Arya <arya@got.com>", "got.com"},
                    AuthorRow{"<arya@got.com>", "someone@thrones.com", "got.com"},
                    AuthorRow{"<arya@got.com>", "a@other.com", "550"},
                    AuthorRow{"<arya@got.com>", "a@elsewhere.net", "got.com unsigned"},
                    AuthorRow{"<arya@got.com>", "a@got.com, b@got.com", "got.com unsigned"},
                    AuthorRow{"<arya@got.com>", "a@got.com, b@other.com", "550"},
                    AuthorRow{"<arya@got.com>", "", "got.com unsigned"},
                    AuthorRow{"<>", "postmaster@got.com", "got.com"},
                    AuthorRow{"<>", "postmaster@other.com", "550"},
                    AuthorRow{"<>", "postmaster@quiet.com", "550"}));

}  // namespace
}  // namespace postern::decide
