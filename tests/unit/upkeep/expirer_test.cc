// Rows end when today's policies say so; a real vault, the clock set.
#include "upkeep/expirer.h"

#include <gtest/gtest.h>

#include "adapters/vault/vault.h"
#include "support/manual_clock.h"
#include "support/policies.h"
#include "support/temp_dir.h"

namespace postern::upkeep {
namespace {

using std::chrono::days;
using std::chrono::hours;

class ExpirerTest : public testing::Test {
 protected:
  ExpirerTest() {
    auto opened = vault::open({folder_.path(), false, 0, 0, clock_});
    if (!opened) throw std::runtime_error(opened.error().what);
    vault_ = std::move(*opened);
    expirer_.emplace(Expirer::Parts{*vault_, snapshot_, clock_, nullptr});
  }
  // Spam is kept so many days; 0: not at all.
  void decree(int duration) {
    const std::string kept =
        duration == 0 ? R"("quarantine":false)"
                      : R"("quarantine":true,"quarantineProps":{"storeSpam":true,"duration":)" +
                            std::to_string(duration) + "}";
    snapshot_.set(test::snapshot_of(
        {{"domain:got.com",
          test::domain_json("got.com", R"({"id":"P","name":"p","spamScore":5,)" + kept + "}")}},
        ++generation_));
  }
  void store(char digit, int duration) {
    ports::VaultMessage message;
    message.id = std::string(32, digit);
    message.bytes = "Subject: x\r\n\r\nbody\r\n";
    message.received = clock_.wall();
    message.copies = {{"a@got.com", "got.com", ports::Purpose::quarantine, decide::MailClass::spam,
                       "x", duration}};
    ASSERT_TRUE(vault_->store(message));
  }
  ExpirySums round() { return *expirer_->round({}); }
  std::size_t rows() { return vault_->list({})->size(); }

  test::TempDir folder_;
  test::ManualClock clock_;
  Published<policy::Snapshot> snapshot_;
  std::unique_ptr<vault::Store> vault_;
  std::optional<Expirer> expirer_;
  std::uint64_t generation_ = 0;
};

TEST_F(ExpirerTest, WhatIsOverGoesAndTheRestStays) {
  decree(10);
  store('a', 10);
  clock_.advance(days(5));
  store('b', 10);
  round();
  clock_.advance(days(5) - hours(1));
  EXPECT_EQ(round().ended.rows, 0U);
  clock_.advance(hours(1));
  const ExpirySums sums = round();
  EXPECT_EQ(sums.ended.rows, 1U);
  EXPECT_EQ(sums.ended.messages, 1U);
  EXPECT_FALSE(vault_->read(std::string(32, 'a')));
  EXPECT_TRUE(vault_->read(std::string(32, 'b')));
  EXPECT_EQ(round().looked_at, 0U) << "nothing to be asked again";
}

TEST_F(ExpirerTest, AShorterPolicyCountsForWhatIsStored) {
  decree(31);
  store('a', 31);
  round();
  clock_.advance(days(5));
  EXPECT_EQ(round().ended.rows, 0U);
  decree(3);
  EXPECT_EQ(round().ended.rows, 1U);
  EXPECT_EQ(rows(), 0U);
}

TEST_F(ExpirerTest, ALongerPolicyToo) {
  decree(3);
  store('a', 3);
  round();
  decree(31);
  clock_.advance(days(5));
  EXPECT_EQ(round().moved, 1U);
  EXPECT_EQ(vault_->list({})->at(0).expires, vault_->list({})->at(0).received + days(31));
  clock_.advance(days(26));
  EXPECT_EQ(round().ended.rows, 1U);
}

TEST_F(ExpirerTest, WhatWasKeptInsteadOfARefusalHasItsDays) {
  decree(0);
  store('a', 7);
  round();
  clock_.advance(days(6));
  EXPECT_EQ(round().ended.rows, 0U);
  clock_.advance(days(1));
  EXPECT_EQ(round().ended.rows, 1U);
}

TEST_F(ExpirerTest, WithoutAPolicyNothingEnds) {
  store('a', 1);
  clock_.advance(days(100));
  EXPECT_EQ(round().ended.rows, 0U);
  EXPECT_FALSE(expirer_->end_of(*vault_->list({}), false));
  snapshot_.set(test::snapshot_of({}));
  EXPECT_EQ(round().ended.rows, 0U) << "an empty set is not usable";
  EXPECT_EQ(rows(), 1U);
}

TEST_F(ExpirerTest, TellingChangesNothing) {
  decree(3);
  store('a', 31);
  clock_.advance(days(5));
  const auto told = expirer_->end_of(*vault_->list({}), true);
  EXPECT_EQ(told->ended.rows, 1U);
  EXPECT_EQ(rows(), 1U);
  EXPECT_EQ(vault_->list({})->at(0).expires, vault_->list({})->at(0).received + days(31));
  EXPECT_EQ(expirer_->end_of(*vault_->list({}), false)->ended.rows, 1U);
  EXPECT_EQ(rows(), 0U);
}

TEST_F(ExpirerTest, MoreThanAPageEndsInOneRound) {
  decree(1);
  ports::VaultMessage message;
  message.id = std::string(32, 'c');
  message.bytes = "x";
  message.received = clock_.wall();
  message.copies.assign(
      1'234, {"a@got.com", "got.com", ports::Purpose::quarantine, decide::MailClass::spam, "x", 1});
  ASSERT_TRUE(vault_->store(message));
  round();
  clock_.advance(days(1));
  const ExpirySums sums = round();
  EXPECT_EQ(sums.ended.rows, 1'234U);
  EXPECT_EQ(sums.ended.messages, 1U);
  EXPECT_EQ(rows(), 0U);
}

}  // namespace
}  // namespace postern::upkeep
