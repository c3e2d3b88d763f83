// What an SMTP client gets to read when mail is refused.
#include "server/milter_reply.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::server {
namespace {

struct ReplyCase {
  mail::Reply reply;
  std::string text;
};

TEST(MilterReply, IsPrintableBoundedAndKeepsItsPercentSigns) {
  const std::vector<ReplyCase> cases = {
      {{550, "5.7.1", "sender blocked by recipient policy"}, "sender blocked by recipient policy"},
      {{421, "4.3.2", "no policy yet"}, "no policy yet"},
      {{550, "5.7.1", "100% sure, %s and %%"}, "100%% sure, %%s and %%%%"},
      {{550, "5.7.1", "two\r\nlines \x01 caf\xc3\xa9"}, "two??lines ? caf??"},
      {{550, "5.7.1", ""}, "refused"},
      {{451, "4.3.0", ""}, "try again later"},
      {{554, "5.123.999", "x"}, "x"},
      {{550, "5.7.1", std::string(10'000, '%')}, std::string(900, '%')},
  };
  for (const ReplyCase& each : cases) {
    const auto wire = to_milter_reply(each.reply);
    ASSERT_TRUE(wire) << each.reply.to_string();
    EXPECT_EQ(wire->code, std::to_string(each.reply.code));
    EXPECT_EQ(wire->enhanced, each.reply.enhanced);
    EXPECT_EQ(wire->text, each.text);
  }
}

TEST(MilterReply, WhatPostfixWouldCallMalformedIsNoReply) {
  const std::vector<mail::Reply> cases = {
      {550, "4.7.1", "another class"}, {451, "5.3.0", "another class"},
      {250, "2.0.0", "no refusal"},    {354, "3.0.0", "no refusal"},
      {600, "6.0.0", "no code"},       {99, "5.7.1", "no code"},
      {-550, "5.7.1", "no code"},      {550, "", "no status"},
      {550, "5.7", "too short"},       {550, "5.7.1.1", "too long"},
      {550, "5.7.x", "no number"},     {550, "5..1", "empty"},
      {550, "5.1234.1", "too large"},  {550, "55.7.1", "no class"},
      {550, "5.7.1 ", "blank"},
  };
  for (const mail::Reply& reply : cases) {
    EXPECT_FALSE(to_milter_reply(reply)) << reply.to_string();
  }
}

}  // namespace
}  // namespace postern::server
