// Outgoing mail: who may, what is signed and with which domain, and what stays unsigned.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/conversation.h"

namespace postern::session {
namespace {

using test::domain_json;
using test::House;
using test::Mail;
using testing::ElementsAre;

// A key pair made for this test alone.
constexpr const char* kEd25519Key =
    "MC4CAQAwBQYDK2VwBCIEIJF3HAoIAjBMd4bnIP6vTTDzr+rRNOymVCAknLhunA9b";

policy::SnapshotPtr policies() {
  const std::string sending =
      R"({"quarantine":false,"outgoing":true,"mailSizeLimit":5,"archive":true,
          "archiveProps":{"duration":3,"storeMailOut":true}})";
  const std::string key = std::string(R"({"selector":"s1","privateKey":")") + kEd25519Key + R"("})";
  const std::string retired =
      std::string(R"({"selector":"old","state":"retiring","privateKey":")") + kEd25519Key + R"("})";
  return test::snapshot_of(
      {{"domain:got.com", domain_json("got.com", sending,
                                      R"("outgoingSubnets":["192.0.2.0/28"],
                                         "domainAliases":[{"name":"thrones.com"}])")},
       {"domain:plain.com",
        domain_json("plain.com", sending, R"("outgoingSubnets":["198.51.100.0/28"])")},
       {"domain:stark.net", domain_json("stark.net", test::kStark)},
       {"dkim:got.com", "[" + key + "," + retired + "]"}});
}

Mail outgoing(std::vector<std::string> recipients) {
  return {.sender = "<arya@got.com>",
          .recipients = std::move(recipients),
          .headers = {{"From", " Arya <arya@got.com>"}, {"Subject", " Hello"}},
          .client = "192.0.2.5"};
}

TEST(Outgoing, IsSignedWithTheActiveKeysOfTheAuthorsDomain) {
  House house(policies());
  EXPECT_EQ(house.send(outgoing({"<x@elsewhere.org>"})).end, "continue");
  EXPECT_EQ(house.editor().header("DKIM-Signature"), "d=got.com; s=s1");
  EXPECT_EQ(house.editor().headers()[0].name, "DKIM-Signature") << "on top";
}

TEST(Outgoing, AnAliasSignsAsItself) {
  House house(policies());
  Mail mail = outgoing({"<x@elsewhere.org>"});
  mail.headers[0].value = " arya@thrones.com";
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_EQ(house.editor().header("DKIM-Signature"), "d=thrones.com; s=s1");
}

TEST(Outgoing, MailBetweenOurCustomersIsNotSigned) {
  House house(policies());
  EXPECT_EQ(house.send(outgoing({"<ned@stark.net>"})).end, "continue");
  EXPECT_EQ(house.editor().header("DKIM-Signature"), "(none)");
}

TEST(Outgoing, MailBetweenOurCustomersIsJudgedByTheRecipientsRules) {
  House house(policies());
  house.add_scanner(ports::ScanResult{10000, false, ""});
  Mail mail = outgoing({"<ned@stark.net>"});
  EXPECT_EQ(house.send(mail).end, "550 5.7.1");
}

TEST(Outgoing, ForeignAuthorsAreRefused) {
  House house(policies());
  Mail mail = outgoing({"<x@elsewhere.org>"});
  mail.headers[0].value = " ceo@plain.com";
  EXPECT_EQ(house.send(mail).end, "550 5.7.1");
}

TEST(Outgoing, AnAuthorOfNobodysDomainIsNotSignedFor) {
  House house(policies());
  Mail mail = outgoing({"<x@elsewhere.org>"});
  mail.headers[0].value = " someone@elsewhere.org";
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_EQ(house.editor().header("DKIM-Signature"), "(none)");
}

TEST(Outgoing, MailOfThisMachineGoesAnywhereButInACustomersName) {
  House house(policies());
  Mail mail = outgoing({"x@elsewhere.org"});
  mail.client = "";
  mail.sender = "root@mx.provider.example";
  mail.headers[0].value = " root@mx.provider.example";
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_EQ(house.editor().header("DKIM-Signature"), "(none)");
  mail.headers[0].value = " arya@got.com";
  EXPECT_EQ(house.send(mail).end, "550 5.7.1");
  mail.sender = "arya@got.com";
  EXPECT_EQ(house.send(mail).end, "554 5.7.1");
}

TEST(Outgoing, WithoutAKeyTheRulesSayWhatHappens) {
  House house(policies());
  Mail mail = outgoing({"<x@elsewhere.org>"});
  mail.sender = "<a@plain.com>";
  mail.client = "198.51.100.1";
  mail.headers[0].value = " a@plain.com";
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_EQ(house.editor().header("DKIM-Signature"), "(none)");
  Rules rules;
  rules.missing_key = MissingKey::defer;
  house.set_rules(rules);
  EXPECT_EQ(house.send(mail).end, "451 4.3.0");
}

TEST(Outgoing, AFailingSignerKeepsTheMailWithTheSender) {
  House house(policies());
  house.signer().fail();
  EXPECT_EQ(house.send(outgoing({"<x@elsewhere.org>"})).end, "451 4.3.0");
}

TEST(Outgoing, LongLinesAreBrokenBeforeTheyAreSigned) {
  House house(policies());
  Mail mail = outgoing({"<x@elsewhere.org>"});
  mail.body = std::string(2000, 'x') + "\r\n";
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_NE(house.editor().body(), mail.body);
  EXPECT_EQ(house.signer().signed_body(), house.editor().body());
}

TEST(Outgoing, ALongForgedFieldOfOursStaysGone) {
  House house(policies());
  Mail mail = outgoing({"<x@elsewhere.org>"});
  mail.headers.push_back({"X-Postern-Id", " " + std::string(1500, 'f')});
  mail.headers.push_back({"X-Virus-Lover", " " + std::string(1500, 'f')});
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_EQ(house.editor().header("X-Postern-Id").size(), 32U);
  EXPECT_EQ(house.editor().header("X-Virus-Lover"), "(none)");
}

TEST(Outgoing, ASentCopyIsKeptOnceForTheSender) {
  House house(policies());
  EXPECT_EQ(house.send(outgoing({"<x@elsewhere.org>", "<y@elsewhere.org>"})).end, "continue");
  ASSERT_EQ(house.vault().stored().size(), 1U);
  const auto& copies = house.vault().stored()[0].message.copies;
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].recipient, "arya@got.com");
  EXPECT_EQ(copies[0].purpose, decide::Purpose::archive);
}

TEST(Outgoing, BouncesFromACustomersNetworkNeedTheirDomainInFrom) {
  House house(policies());
  Mail mail = outgoing({"<x@elsewhere.org>"});
  mail.sender = "<>";
  mail.headers[0].value = " MAILER-DAEMON@got.com";
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_EQ(house.editor().header("DKIM-Signature"), "d=got.com; s=s1");
  mail.headers[0].value = " MAILER-DAEMON@internal.lan";
  EXPECT_EQ(house.send(mail).end, "550 5.7.1");
  mail.recipients = {"<ned@stark.net>"};
  EXPECT_EQ(house.send(mail).end, "continue") << "a bounce to our own customer";
}

// Sam refuses what is sent to him; the world gets it signed.
TEST(Outgoing, EachRecipientHasHisOwnOutcomeAndWhatLeavesUsIsSigned) {
  House house(policies());
  house.add_scanner(ports::ScanResult{8000, false, ""});
  const auto outcome = house.send(outgoing({"<x@elsewhere.org>", "<ned@stark.net>"}));
  EXPECT_THAT(outcome.rcpt, ElementsAre("continue", "continue"));
  EXPECT_EQ(outcome.end, "continue");
  EXPECT_EQ(house.editor().header("DKIM-Signature"), "d=got.com; s=s1");
}

}  // namespace
}  // namespace postern::session
