// How much may be sent: whose limit counts, and what a node lets through by itself.
#include "decide/sending_limit.h"

#include <gtest/gtest.h>

#include "decide/sending_budget.h"
#include "support/policies.h"

namespace postern::decide {
namespace {

using test::domain_json;

constexpr const char* kSending = R"({"quarantine":false,"outgoing":true})";
constexpr Milliseconds kDay = std::chrono::hours(24);

std::string opensrs(const std::string& name, const std::string& members) {
  return R"({"domain":")" + name + R"(","attributes":{)" + members + "}}";
}

TEST(SendingCaps, TheDomainsOwnCountsBeforeTheHouses) {
  const auto snapshot = test::snapshot_of({
      {"domain:got.com", domain_json("got.com", kSending)},
      {"domain:none.com", domain_json("none.com", kSending)},
      {"domain:silent.com", domain_json("silent.com", kSending)},
      {"domain:plain.com", domain_json("plain.com", kSending)},
      {"opensrs:got.com", opensrs("got.com", R"("smtp_sent_limit":70)")},
      {"opensrs:none.com", opensrs("none.com", R"("smtp_sent_limit":0)")},
      {"opensrs:silent.com", opensrs("silent.com", R"("disabled":false)")},
  });
  const auto caps = [&](const char* name, const SendingCaps& house) {
    return caps_of(*snapshot, *snapshot->domain(name), house);
  };
  const SendingCaps house{500, 9'000};
  EXPECT_EQ(caps("got.com", house), (SendingCaps{70, 9'000}));
  EXPECT_EQ(caps("none.com", house), (SendingCaps{0, 9'000}));
  EXPECT_EQ(caps("silent.com", house), house);
  EXPECT_EQ(caps("plain.com", house), house);
  EXPECT_FALSE(caps("plain.com", {}).any());
  EXPECT_TRUE(caps("none.com", {}).any());
}

struct Way {
  SendingUse use;
  std::uint32_t recipients;
  SendingCaps caps;
  std::optional<SendingLimit> expected;
};

TEST(SendingLimit, IsInTheWayWhereThereIsNoRoom) {
  const Way ways[] = {
      {{9, 0}, 1, {10, std::nullopt}, std::nullopt},
      {{10, 0}, 1, {10, std::nullopt}, SendingLimit::messages},
      {{11, 0}, 1, {10, std::nullopt}, SendingLimit::messages},
      {{0, 0}, 1, {0, std::nullopt}, SendingLimit::messages},
      {{4'000'000'000U, 0}, 1, {}, std::nullopt},
      {{1, 95}, 5, {std::nullopt, 100}, std::nullopt},
      {{1, 95}, 6, {std::nullopt, 100}, SendingLimit::recipients},
      {{1, 4'294'967'295U}, 4'294'967'295U, {std::nullopt, 100}, SendingLimit::recipients},
      {{10, 95}, 6, {10, 100}, SendingLimit::messages},
  };
  for (const Way& way : ways) {
    EXPECT_EQ(limit_in_the_way(way.use, way.recipients, way.caps), way.expected)
        << way.use.messages << " " << way.use.recipients << " " << way.recipients;
  }
  for (const SendingLimit limit : {SendingLimit::messages, SendingLimit::recipients}) {
    EXPECT_EQ(limit_reply(limit).code, 450);
    EXPECT_EQ(limit_reply(limit).enhanced, "4.7.28");
  }
}

class Budget : public testing::Test {
 protected:
  // How many of `tries` messages went through.
  int spend(SendingBudget& budget, int tries, const SendingCaps& caps, std::uint32_t each = 1) {
    int spent = 0;
    for (int i = 0; i < tries; ++i) {
      const std::string id = std::to_string(++ids_);
      spent += budget.spend("jon@got.com", id, each, caps, now_) ? 0 : 1;
    }
    return spent;
  }
  SteadyTime now_ = SteadyTime{} + kDay * 100;
  int ids_ = 0;
};

TEST_F(Budget, IsTheShareOfTheLimitInAnyDay) {
  SendingBudget budget(0.1, kDay);
  EXPECT_EQ(spend(budget, 300, {1'000, std::nullopt}), 100);
  now_ += kDay - Milliseconds(1);
  EXPECT_EQ(spend(budget, 300, {1'000, std::nullopt}), 0);
  now_ += Milliseconds(1);
  EXPECT_EQ(spend(budget, 300, {1'000, std::nullopt}), 100);
}

TEST_F(Budget, IsRoundedUpSoThatASmallLimitIsNoNo) {
  SendingBudget small(0.1, kDay);
  EXPECT_EQ(spend(small, 9, {3, std::nullopt}), 1);
  SendingBudget none(0.1, kDay);
  EXPECT_EQ(spend(none, 9, {0, std::nullopt}), 0);
  SendingBudget nothing(0.0, kDay);
  EXPECT_EQ(spend(nothing, 9, {1'000, std::nullopt}), 0);
  SendingBudget free(0.1, kDay);
  EXPECT_EQ(spend(free, 9, {}), 9);
}

TEST_F(Budget, NeverGoesBeyondWhatTheSharedCountLeft) {
  SendingBudget budget(0.1, kDay);
  budget.learn("jon@got.com", {993, 0}, now_);
  now_ += Milliseconds(5);
  EXPECT_EQ(spend(budget, 300, {1'000, std::nullopt}), 7);
  EXPECT_EQ(budget.use_of("jon@got.com", now_).messages, 1'000U);
  EXPECT_EQ(budget.use_of("arya@got.com", now_).messages, 0U);
  // What was spent is in the shared count by now: it is not counted twice.
  budget.learn("jon@got.com", {950, 0}, now_);
  now_ += Milliseconds(5);
  EXPECT_EQ(spend(budget, 300, {1'000, std::nullopt}), 50);
  // Word of yesterday says nothing about today, nor does what was spent then.
  now_ += kDay;
  EXPECT_EQ(spend(budget, 300, {1'000, std::nullopt}), 100);
}

TEST_F(Budget, CountsRecipientsByThemselves) {
  SendingBudget budget(0.5, kDay);
  EXPECT_EQ(spend(budget, 9, {std::nullopt, 100}, 20), 2);
  EXPECT_EQ(spend(budget, 9, {std::nullopt, 100}, 5), 2);
  EXPECT_EQ(spend(budget, 9, {std::nullopt, 100}, 1), 0);
  EXPECT_EQ(budget.use_of("jon@got.com", now_), (SendingUse{4, 50}));
}

TEST_F(Budget, WhatIsTakenBackCanBeSpentAgain) {
  SendingBudget budget(1.0, kDay);
  EXPECT_EQ(spend(budget, 5, {3, std::nullopt}), 3);
  budget.take_back("jon@got.com", "2");
  budget.take_back("jon@got.com", "no such message");
  budget.take_back("nobody@got.com", "2");
  EXPECT_EQ(spend(budget, 5, {3, std::nullopt}), 1);
  EXPECT_EQ(budget.list(now_).size(), 1U);
}

TEST_F(Budget, ForgetsWhoSentNothingForADay) {
  SendingBudget budget(1.0, kDay);
  EXPECT_EQ(spend(budget, 1, {3, std::nullopt}), 1);
  budget.learn("arya@got.com", {2, 2}, now_);
  budget.sweep(now_);
  EXPECT_EQ(budget.list(now_).size(), 2U);
  now_ += kDay;
  budget.sweep(now_);
  EXPECT_TRUE(budget.list(now_).empty());
}

}  // namespace
}  // namespace postern::decide
