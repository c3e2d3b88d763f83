// Which kept copies go into mailboxes, under which address and with what header.
#include <gtest/gtest.h>

#include <map>

#include "session/mailbox_address.h"
#include "support/conversation.h"

namespace postern::session {
namespace {

using test::House;
using test::Mail;

struct AddressCase {
  const char* mailbox;
  const char* folder;
  const char* delimiters;
  const char* expected;
};

TEST(MailboxAddress, Table) {
  const AddressCase cases[] = {
      {"jon@a.net", "Spam", "", "jon+Spam@a.net"},
      {"Jon@A.net", "Spam", "+", "Jon+Spam@a.net"},
      {"jon@a.net", "Spam", "-+", "jon-Spam@a.net"},
      // The mailbox is the one before the detail, whatever that is.
      {"jon+news@a.net", "Spam", "", "jon+Spam@a.net"},
      {"jon-snow@a.net", "Spam", "", "jon-snow+Spam@a.net"},
      {"+jon@a.net", "Spam", "", "+jon+Spam@a.net"},
      {"jon@a.net", "Junk Mail", "", "\"jon+Junk Mail\"@a.net"},
      {"\"j on\"@a.net", "Spam", "", "\"j on+Spam\"@a.net"},
      {"jon@a.net", "a\"b>c", "", "\"jon+a\\\"b>c\"@a.net"},
  };
  for (const AddressCase& test : cases) {
    const auto mailbox = mail::Address::parse(test.mailbox);
    ASSERT_TRUE(mailbox) << test.mailbox;
    const std::string got = mailbox_address(*mailbox, test.folder, test.delimiters);
    EXPECT_EQ(got, test.expected);
    EXPECT_TRUE(mail::Address::parse(got)) << got;
  }
}

policy::SnapshotPtr policies() {
  return test::snapshot_of(
      {{"domain:b.net", test::domain_json("b.net", test::kPolicyB)},
       {"opensrs:o.net",
        R"({"domain":"o.net","attributes":{"filtermx":"127.0.0.1","spamfolder":"Junk"}})"},
       {"opensrs:ue.net",
        R"({"domain":"ue.net","attributes":{"filtermx":"127.0.0.1","spamfolder":"Müll"}})"}});
}

// recipient -> mailbox of his quarantined copy
std::map<std::string, std::string> mailboxes(House& house) {
  std::map<std::string, std::string> found;
  for (const auto& stored : house.vault().stored()) {
    for (const auto& copy : stored.message.copies) found[copy.recipient] = copy.mailbox;
  }
  return found;
}

TEST(MailboxCopies, GoIntoTheFolderOfTheirDomain) {
  House house(policies());
  Rules rules;
  rules.delivers_into_mailboxes = true;
  house.set_rules(rules);
  house.add_scanner(ports::ScanResult{30000, false, ""});
  Mail mail{.recipients = {"<jon@b.net>", "<jon@o.net>", "<jon@ue.net>"}};
  mail.headers.push_back({"X-Postern-Id", " forged"});
  EXPECT_EQ(house.send(mail).end, "discard");
  EXPECT_EQ(mailboxes(house),
            (std::map<std::string, std::string>{{"jon@b.net", "jon+Spam@b.net"},
                                                {"jon@o.net", "jon+Junk@o.net"},
                                                // No name that every server could be told.
                                                {"jon@ue.net", "jon+Spam@ue.net"}}));
  const std::string& header = house.vault().stored().front().message.mailbox_header;
  EXPECT_NE(header.find("X-Postern-Id: " + house.vault().stored().front().message.id),
            std::string::npos);
  EXPECT_EQ(header.find("forged"), std::string::npos);
  EXPECT_NE(header.find("Received: "), std::string::npos);
  EXPECT_NE(header.find("Subject: Hello\r\n"), std::string::npos);
}

TEST(MailboxCopies, StayInTheVaultAloneWithoutAServer) {
  House house(policies());
  house.add_scanner(ports::ScanResult{30000, false, ""});
  EXPECT_EQ(house.send({.recipients = {"<jon@b.net>"}}).end, "discard");
  EXPECT_EQ(mailboxes(house), (std::map<std::string, std::string>{{"jon@b.net", ""}}));
  EXPECT_EQ(house.vault().stored().front().message.mailbox_header, "");
}

TEST(MailboxCopies, WhatIsInfectedGoesNowhere) {
  policy::RecipientPolicy rules{*mail::Address::parse("jon@b.net")};
  decide::Decision decision;
  decision.matches = {{decide::MailClass::virus, "Eicar"}, {decide::MailClass::spam, "9"}};
  EXPECT_EQ(folder_for(decide::Purpose::quarantine, decision, rules), "");
  decision.matches.erase(decision.matches.begin());
  EXPECT_EQ(folder_for(decide::Purpose::quarantine, decision, rules), "Spam");
  EXPECT_EQ(folder_for(decide::Purpose::archive, decision, rules), "");
  decision.matches.clear();
  EXPECT_EQ(folder_for(decide::Purpose::retention, decision, rules), "Retained");
}

}  // namespace
}  // namespace postern::session
