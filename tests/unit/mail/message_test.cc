// What is stored and measured is the message byte for byte as the MTA holds it.
#include "mail/message.h"

#include <gtest/gtest.h>

namespace postern::mail {
namespace {

Message sample() {
  Message message;
  message.add_header("Subject", " one\n two");
  message.add_header("X-Tight", "no-space");
  message.add_header("X-Empty", "");
  message.append_body("line\r\n");
  message.append_body("last");
  return message;
}

TEST(Message, BytesAreWhatTheMtaHolds) {
  EXPECT_EQ(sample().to_bytes(),
            "Subject: one\r\n two\r\nX-Tight:no-space\r\nX-Empty:\r\n\r\nline\r\nlast");
}

TEST(Message, SizeCountsTheBytes) {
  EXPECT_EQ(sample().size(), sample().to_bytes().size());
  EXPECT_EQ(Message().size(), 2U);
}

TEST(Message, NamesHaveNoCase) {
  const Message message = sample();
  ASSERT_NE(message.find("SUBJECT"), nullptr);
  EXPECT_EQ(message.find("absent"), nullptr);
  EXPECT_EQ(message.count("x-tight"), 1U);
}

}  // namespace
}  // namespace postern::mail
