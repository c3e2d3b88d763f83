// One message, recipients with rules of their own: who stays in the transaction, who leaves it with
// which copy, what is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "session/session.h"
#include "support/conversation.h"

namespace postern::session {
namespace {

using test::domain_json;
using test::House;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::UnorderedElementsAre;

policy::SnapshotPtr policies() {
  return test::snapshot_of(
      {{"domain:a.net",
        domain_json("a.net", test::kPolicyA, R"("domainAliases":[{"name":"alias.net"}])")},
       {"domain:default.net", domain_json("default.net", test::kDefaultTestPolicy)},
       {"domain:stark.net", domain_json("stark.net", test::kStark)},
       {"user:joffrey@a.net", R"({"email":"joffrey@a.net","status":"DISABLED"})"},
       {"groups:a.net", R"([
          {"id":"1","email":"all@a.net","recipients":[
             {"email":"b@a.net","type":"USER"},{"email":"joffrey@a.net","type":"USER"},
             {"email":"team@a.net","type":"ALIAS"},{"email":"x@elsewhere.org","type":"EXTERNAL_ADDRESS"}]},
          {"id":"2","email":"team@a.net","recipients":[
             {"email":"c@stark.net","type":"USER"},{"email":"all@a.net","type":"ALIAS"}]},
          {"id":"3","email":"nobody@a.net","recipients":[]},
          {"id":"4","email":"gone@a.net","recipients":[{"email":"joffrey@a.net","type":"USER"}]},
          {"id":"5","email":"loop@a.net","recipients":[{"email":"loop@a.net","type":"ALIAS"}]}])"}});
}

ports::ScanResult score(double value) {
  return {static_cast<policy::MilliScore>(value * 1000 + 0.5), false, ""};
}

std::vector<std::string> addresses(const ports::OutboxCopy& copy) {
  std::vector<std::string> list;
  for (const auto& recipient : copy.recipients) list.push_back(recipient.address);
  return list;
}

TEST(Mixed, EachGetsHisOwnSubject) {
  House house(policies());
  house.add_scanner(score(8));
  const auto outcome = house.send({.recipients = {"<b@a.net>", "<c@stark.net>", "<d@stark.net>"}});
  EXPECT_EQ(outcome.end, "continue");
  EXPECT_THAT(house.editor().recipients(), ElementsAre("<c@stark.net>", "<d@stark.net>"));
  EXPECT_EQ(house.editor().header("Subject"), "Hello");

  ASSERT_EQ(house.vault().stored().size(), 1U) << "one commit for all that is kept or leaves";
  const auto& message = house.vault().stored()[0].message;
  ASSERT_EQ(message.outbox.size(), 1U);
  const ports::OutboxCopy& copy = message.outbox[0];
  EXPECT_THAT(addresses(copy), ElementsAre("b@a.net"));
  EXPECT_EQ(copy.sender, "someone@example.org");
  EXPECT_EQ(copy.body, std::nullopt);
  EXPECT_THAT(copy.header, HasSubstr("\r\nSubject: [SPAM] Hello\r\n"));
  EXPECT_THAT(copy.header, HasSubstr("X-Spam-Status: Yes, score=8.0 required=7.2\r\n"));
  EXPECT_THAT(copy.header, HasSubstr("X-Postern-Id: " + message.id + "\r\n"));
  EXPECT_THAT(copy.header, testing::StartsWith("Received: from unknown (unknown [203.0.113.9])"));
  EXPECT_THAT(copy.header, HasSubstr("id QUEUEID\r\n\tfor <b@a.net>;"));
  EXPECT_THAT(copy.header, Not(testing::EndsWith("\r\n\r\n")));
  ASSERT_EQ(message.copies.size(), 1U);
  EXPECT_EQ(message.copies[0].recipient, "b@a.net");
}

TEST(Mixed, WhoQuarantinesIsTakenOutOfTheTransaction) {
  House house(policies());
  house.add_scanner(score(7.6));
  EXPECT_EQ(house.send({.recipients = {"<b@default.net>", "<c@stark.net>"}}).end, "continue");
  EXPECT_THAT(house.editor().recipients(), ElementsAre("<c@stark.net>"));
  EXPECT_TRUE(house.vault().stored()[0].message.outbox.empty());
}

TEST(Mixed, WhoRefusesBesideOthersIsKeptForAWeek) {
  House house(policies());
  house.add_scanner(score(10));
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>", "<c@stark.net>"}}).end, "continue");
  const auto& copies = house.vault().stored()[0].message.copies;
  ASSERT_EQ(copies.size(), 2U);
  EXPECT_EQ(copies[1].recipient, "c@stark.net");
  EXPECT_EQ(copies[1].purpose, decide::Purpose::quarantine);
  EXPECT_EQ(copies[1].mail_class, decide::MailClass::spam);
  EXPECT_EQ(copies[1].duration, 7);
}

TEST(Mixed, OrNotWhereTheOperatorSaysSo) {
  House house(policies());
  Rules rules;
  rules.mixed_rejection = MixedRejection::discard;
  house.set_rules(rules);
  house.add_scanner(score(10));
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>", "<c@stark.net>"}}).end, "continue");
  EXPECT_EQ(house.vault().stored()[0].message.copies.size(), 1U);
}

TEST(Mixed, WhereAllRefuseTheSenderHearsIt) {
  House house(policies());
  house.add_scanner(score(10));
  EXPECT_EQ(house.send({.recipients = {"<b@stark.net>", "<c@stark.net>"}}).end, "550 5.7.1");
  EXPECT_TRUE(house.vault().stored().empty());
}

TEST(Mixed, WhatCannotBeCommittedIsNotAcceptedForAnybody) {
  House house(policies());
  house.add_scanner(score(8));
  house.vault().fail();
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>", "<c@stark.net>"}}).end, "451 4.3.0");
}

TEST(Mixed, CopiesDoNotTellRecipientsOfEachOther) {
  House house(policies());
  house.add_scanner(score(8));
  house.send({.recipients = {"<b@a.net>", "<c@a.net>", "<d@stark.net>", "<e@stark.net>",
                             "<f@stark.net>"}});
  const auto& copy = house.vault().stored()[0].message.outbox.at(0);
  EXPECT_THAT(addresses(copy), ElementsAre("b@a.net", "c@a.net"));
  EXPECT_THAT(copy.header, Not(HasSubstr("for <")));
}

TEST(Groups, MembersGetItByTheirOwnRulesOnce) {
  House house(policies());
  house.add_scanner(score(8));
  const auto outcome = house.send({.recipients = {"<all@a.net>", "<b@a.net>", "<team@alias.net>"}});
  EXPECT_THAT(outcome.rcpt, ElementsAre("continue", "continue", "continue"));
  EXPECT_EQ(outcome.end, "continue");
  // b and x by the rules of a.net: tagged. b stands there already, x is added for the group.
  EXPECT_THAT(house.editor().recipients(), UnorderedElementsAre("<b@a.net>", "x@elsewhere.org"));
  EXPECT_EQ(house.editor().header("Subject"), "[SPAM] Hello");
  const auto& message = house.vault().stored()[0].message;
  ASSERT_EQ(message.outbox.size(), 1U);
  EXPECT_THAT(addresses(message.outbox[0]), ElementsAre("c@stark.net"));
  EXPECT_EQ(message.outbox[0].recipients[0].orcpt, "rfc822;all@a.net");
}

TEST(Groups, WhereNobodyReceivesMailThereIsNobody) {
  House house(policies());
  EXPECT_THAT(house.send({.recipients = {"<nobody@a.net>", "<gone@a.net>", "<loop@a.net>"}}).rcpt,
              ElementsAre("550 5.1.1", "550 5.1.1", "550 5.1.1"));
}

}  // namespace
}  // namespace postern::session
