// What MAIL and RCPT say, ESMTP parameters included, as an MTA hands it to a milter.
#include "mail/envelope.h"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

TEST(Sender, ReadsAllParameters) {
  const Sender sender = parse_sender(
      {"<Ned@Stark.net>", "SIZE=500", "BODY=8BITMIME", "RET=HDRS", "ENVID=abc+2Bd", "SMTPUTF8"});
  ASSERT_TRUE(sender.address);
  EXPECT_EQ(sender.address->key(), "ned@stark.net");
  EXPECT_EQ(sender.given, "<Ned@Stark.net>");
  EXPECT_EQ(sender.declared_size, 500U);
  EXPECT_TRUE(sender.eight_bit);
  EXPECT_TRUE(sender.smtputf8);
  EXPECT_EQ(sender.ret, "HDRS");
  EXPECT_EQ(sender.envid, "abc+2Bd");
  EXPECT_FALSE(sender.is_null);
}

TEST(Sender, KeywordsHaveNoCase) {
  const Sender sender = parse_sender({"<a@b.c>", "size=7", "body=8bitmime", "smtputf8"});
  EXPECT_EQ(sender.declared_size, 7U);
  EXPECT_TRUE(sender.eight_bit);
  EXPECT_TRUE(sender.smtputf8);
}

TEST(Sender, ASizeThatIsNoNumberIsNoSize) {
  EXPECT_FALSE(parse_sender({"<a@b.c>", "SIZE=abc"}).declared_size);
  EXPECT_FALSE(parse_sender({"<a@b.c>", "SIZE=-1"}).declared_size);
  EXPECT_FALSE(parse_sender({"<a@b.c>", "SIZE=99999999999999999999999"}).declared_size);
  EXPECT_FALSE(parse_sender({"<a@b.c>", "SIZE"}).declared_size);
}

TEST(Sender, NullSenderComesInThreeForms) {
  EXPECT_TRUE(parse_sender({"<>"}).is_null);
  EXPECT_TRUE(parse_sender({""}).is_null);  // local submission
  EXPECT_TRUE(parse_sender({}).is_null);
  const Sender nonsense = parse_sender({"<nonsense>"});
  EXPECT_FALSE(nonsense.is_null);
  EXPECT_FALSE(nonsense.address);
}

TEST(Recipient, KeepsWhatMustBeHandedBack) {
  const auto recipient =
      parse_recipient({"<Cersei@Lannister.NET>", "NOTIFY=FAILURE,DELAY", "ORCPT=rfc822;x+2By@z"});
  ASSERT_TRUE(recipient);
  EXPECT_EQ(recipient->given, "<Cersei@Lannister.NET>");
  EXPECT_EQ(recipient->address.key(), "cersei@lannister.net");
  EXPECT_EQ(recipient->notify, "FAILURE,DELAY");
  EXPECT_EQ(recipient->orcpt, "rfc822;x+2By@z");
}

TEST(Recipient, WhatIsNoMailboxIsNothing) {
  EXPECT_FALSE(parse_recipient({"<postmaster>"}));
  EXPECT_FALSE(parse_recipient({}));
}

}  // namespace
}  // namespace postern::mail
