// Incoming mail from MAIL to the reply: what the sender is told, what the MTA is told to change, what
// is kept first.
#include "session/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/conversation.h"

namespace postern::session {
namespace {

using test::domain_json;
using test::House;
using test::Mail;
using test::Outcome;
using testing::ElementsAre;

policy::SnapshotPtr policies() {
  return test::snapshot_of(
      {{"domain:a.net",
        domain_json("a.net", test::kPolicyA, R"("domainAliases":[{"name":"alias.net"}])")},
       {"domain:also-a.net", domain_json("also-a.net", test::kPolicyA)},
       {"domain:default.net", domain_json("default.net", test::kDefaultTestPolicy)},
       {"domain:stark.net", domain_json("stark.net", test::kStark)},
       {"user:joffrey@a.net", R"({"email":"joffrey@a.net","status":"DISABLED"})"}});
}

ports::ScanResult score(double value) {
  return {static_cast<policy::MilliScore>(value * 1000 + 0.5), false, ""};
}

TEST(Incoming, CleanMailGoesOnWithOurId) {
  House house(policies());
  const Outcome outcome = house.send({.recipients = {"<b@a.net>"}});
  EXPECT_EQ(outcome.end, "continue");
  EXPECT_EQ(house.editor().header("Subject"), "Hello");
  EXPECT_EQ(house.editor().header("X-Postern-Id").size(), 32U);
  EXPECT_EQ(house.editor().header("X-Spam-Status"), "(none)");
  EXPECT_TRUE(house.vault().stored().empty());
}

TEST(Incoming, SpamBelowTheLimitIsTaggedAndKept) {
  House house(policies());
  house.add_scanner(score(7.2));
  const Outcome outcome = house.send({.recipients = {"<b@a.net>"}});
  EXPECT_EQ(outcome.end, "continue");
  EXPECT_EQ(house.editor().header("Subject"), "[SPAM] Hello");
  EXPECT_EQ(house.editor().header("X-Spam-Flag"), "YES");
  EXPECT_EQ(house.editor().header("X-Spam-Score"), "7.2");
  EXPECT_EQ(house.editor().header("X-Spam-Status"), "Yes, score=7.2 required=7.2");
  ASSERT_EQ(house.vault().stored().size(), 1U);
  const auto& stored = house.vault().stored()[0];
  EXPECT_EQ(stored.bytes,
            "From: someone@example.org\r\nSubject: Hello\r\nDate: Thu, 01 Jan 2026 00:00:00 "
            "+0000\r\n\r\nHello.\r\n");
  EXPECT_EQ(stored.message.score, 7200);
  EXPECT_EQ(stored.message.generation, 7U);
  ASSERT_EQ(stored.message.copies.size(), 1U);
  EXPECT_EQ(stored.message.copies[0].recipient, "b@a.net");
  EXPECT_EQ(stored.message.copies[0].duration, 31);
  EXPECT_EQ(stored.message.copies[0].mail_class, decide::MailClass::spam);
}

TEST(Incoming, SpamAtTheLimitIsKeptAndGoesNowhere) {
  House house(policies());
  house.add_scanner(score(20));
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>", "<c@a.net>"}}).end, "discard");
  ASSERT_EQ(house.vault().stored().size(), 1U);
  EXPECT_EQ(house.vault().stored()[0].message.copies.size(), 2U);
}

TEST(Incoming, SpamThatIsNeitherRelayedNorStoredIsRefused) {
  House house(policies());
  house.add_scanner(score(10));
  EXPECT_EQ(house.send({.recipients = {"<b@stark.net>"}}).end, "550 5.7.1");
  EXPECT_TRUE(house.vault().stored().empty());
}

TEST(Incoming, OneMailboxInTwoSpellingsIsKeptOnce) {
  House house(policies());
  house.add_scanner(score(20));
  EXPECT_EQ(house.send({.recipients = {"<B@a.net>", "<b@alias.net>"}}).end, "discard");
  EXPECT_EQ(house.vault().stored()[0].message.copies.size(), 1U);
}

TEST(Incoming, WhatCannotBeKeptIsNotAccepted) {
  House house(policies());
  house.add_scanner(score(7.2));
  house.vault().fail();
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>"}}).end, "451 4.3.0");
}

TEST(Incoming, AMtaThatIsGoneIsATemporaryFault) {
  House house(policies());
  house.break_editor();
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>"}}).end, "451 4.3.0");
}

TEST(Incoming, ForgedHeadersOfOursAreRemoved) {
  House house(policies());
  const Outcome outcome = house.send({.recipients = {"<b@a.net>"},
                                      .headers = {{"X-Postern-Id", " forged"},
                                                  {"x-spam-flag", " NO"},
                                                  {"X-Fuglu-Suspect", " x"},
                                                  {"X-POSTERN-ID", " forged again"},
                                                  {"X-Virus-Lover", " yes"},
                                                  {"X-Other", " stays"},
                                                  {"Subject", " Hello"}}});
  EXPECT_EQ(outcome.end, "continue");
  std::vector<std::string> names;
  for (const auto& field : house.editor().headers()) names.push_back(field.name);
  EXPECT_THAT(names, ElementsAre("X-Postern-Id", "X-Other", "Subject"));
  EXPECT_EQ(house.editor().header("X-Postern-Id").size(), 32U);
}

TEST(Incoming, TheIdStandsUnderEveryNameThatIsAskedFor) {
  House house(policies());
  Rules rules;
  rules.id_headers = {"X-Postern-Id", "X-Fuglu-Id"};
  house.set_rules(rules);
  house.send({.recipients = {"<b@a.net>"}});
  EXPECT_EQ(house.editor().header("X-Fuglu-Id"), house.editor().header("X-Postern-Id"));
}

TEST(Incoming, AliasRecipientsGoOnUnderThePrimaryDomainOnce) {
  House house(policies());
  const Outcome outcome =
      house.send({.recipients = {"<B@Alias.NET>", "<b@alias.net>", "<c@alias.net>", "<c@a.net>"}});
  EXPECT_EQ(outcome.end, "continue");
  EXPECT_THAT(house.editor().recipients(), ElementsAre("<c@a.net>", "B@a.net"));
  EXPECT_THAT(house.editor().added(),
              ElementsAre(std::make_pair("B@a.net", "ORCPT=rfc822;B@alias.net")));
}

TEST(Incoming, RecipientsWithOtherRulesComeSeparatelyWhereAskedFor) {
  House house(policies());
  Rules rules;
  rules.mixed_rejection = MixedRejection::defer;
  house.set_rules(rules);
  const Outcome outcome =
      house.send({.recipients = {"<b@a.net>", "<b@stark.net>", "<b@also-a.net>"}});
  EXPECT_THAT(outcome.rcpt, ElementsAre("continue", "452 4.5.3", "continue"));
  EXPECT_EQ(outcome.end, "continue");
}

TEST(Incoming, ARefusedRecipientDoesNotTouchTheOthers) {
  House house(policies());
  const Outcome outcome =
      house.send({.recipients = {"<joffrey@a.net>", "<b@a.net>", "<x@elsewhere.org>", "<bad>"}});
  EXPECT_THAT(outcome.rcpt, ElementsAre("550 5.2.1", "continue", "554 5.7.1", "550 5.1.3"));
  EXPECT_EQ(outcome.end, "continue");
}

TEST(Incoming, AnOverlongBodyIsRefusedWithoutBeingKeptInMemory) {
  House house(policies());
  house.add_scanner(score(0));
  Session session(house.services());
  ClientFacts client;
  client.address = IpAddress::parse("203.0.113.9");
  session.mail_from(client, {"<a@example.org>"});
  session.rcpt_to({"<b@a.net>"});
  const std::string chunk(1 << 20, 'x');
  int accepted = 0;
  while (session.body(chunk) && accepted < 100) ++accepted;
  EXPECT_EQ(accepted, 8);
  test::RecordingEditor editor({}, "", {"<b@a.net>"});
  EXPECT_EQ(test::describe(session.end_of_message("Q", editor)), "552 5.3.4");
}

TEST(Incoming, LocalSubmissionIsRefusedAtTheEndOnly) {
  House house(policies());
  Mail mail{.sender = "b@a.net", .recipients = {"x@elsewhere.org"}};
  mail.client = "";
  const Outcome outcome = house.send(mail);
  EXPECT_THAT(outcome.rcpt, ElementsAre("continue"));
  EXPECT_EQ(outcome.end, "554 5.7.1");
}

TEST(Incoming, AnEndWithoutARecipientIsATemporaryFault) {
  House house(policies());
  Session session(house.services());
  ClientFacts client;
  client.address = IpAddress::parse("203.0.113.9");
  session.mail_from(client, {"<a@example.org>"});
  session.rcpt_to({"<b@elsewhere.org>"});
  test::RecordingEditor editor({}, "", {});
  EXPECT_EQ(test::describe(session.end_of_message("Q", editor)), "451 4.3.0");
}

TEST(Incoming, LocalMailToRecipientsWithOtherRulesBouncesAndIsNotTriedForEver) {
  House house(policies());
  Rules rules;
  rules.mixed_rejection = MixedRejection::defer;
  house.set_rules(rules);
  Mail mail{.sender = "root@mx.provider.example", .recipients = {"b@a.net", "b@stark.net"}};
  mail.client = "";
  EXPECT_EQ(house.send(mail).end, "550 5.7.1");
}

TEST(Snapshot, NoneIs421) {
  House house(nullptr);
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>"}}).mail, "421 4.3.2");
  house.publish(std::make_shared<policy::Snapshot>());
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>"}}).mail, "421 4.3.2");
}

TEST(Snapshot, ATransactionKeepsTheOneItBeganWith) {
  House house(policies());
  Session session(house.services());
  ClientFacts client;
  client.address = IpAddress::parse("203.0.113.9");
  session.mail_from(client, {"<a@example.org>"});
  house.publish(test::snapshot_of({{"domain:b.net", domain_json("b.net", test::kStark)}}));
  EXPECT_EQ(test::describe(session.rcpt_to({"<b@a.net>"})), "continue");
  session.abort();
  session.mail_from(client, {"<a@example.org>"});
  EXPECT_EQ(test::describe(session.rcpt_to({"<b@a.net>"})), "554 5.7.1");
}

TEST(Draining, RefusesNewTransactionsAndFinishesOpenOnes) {
  House house(policies());
  Session session(house.services());
  ClientFacts client;
  client.address = IpAddress::parse("203.0.113.9");
  session.mail_from(client, {"<a@example.org>"});
  EXPECT_EQ(house.services().open_transactions, 1U);
  house.services().draining = true;
  EXPECT_EQ(test::describe(session.rcpt_to({"<b@a.net>"})), "continue");
  test::RecordingEditor editor({}, "", {"<b@a.net>"});
  EXPECT_EQ(test::describe(session.end_of_message("Q", editor)), "continue");
  EXPECT_EQ(house.services().open_transactions, 0U);
  EXPECT_EQ(test::describe(session.mail_from(client, {"<a@example.org>"})), "421 4.3.2");
}

TEST(OutOfOrder, CallsAreAnsweredTemporarily) {
  House house(policies());
  Session session(house.services());
  EXPECT_EQ(test::describe(session.rcpt_to({"<b@a.net>"})), "451 4.3.0");
  session.header("Subject", " x");
  EXPECT_FALSE(session.body("x"));
  test::RecordingEditor editor({}, "", {});
  EXPECT_EQ(test::describe(session.end_of_message("Q", editor)), "451 4.3.0");
}

}  // namespace
}  // namespace postern::session
