// The courier: hands over the oldest first, puts off what is not taken, never loses a copy.
#include "outbox/courier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "base/guarded.h"
#include "support/eventually.h"
#include "support/manual_clock.h"

namespace postern::outbox {
namespace {

using testing::ElementsAre;

// Rows in memory, with the order and the rules of the real one.
class MemoryOutbox final : public ports::Outbox {
 public:
  explicit MemoryOutbox(const Clock& clock) : clock_(clock) {}

  void add(const std::string& recipient) {
    rows_.with([&](auto& rows) {
      ports::OutboxEntry entry;
      entry.row = next_row_++;
      entry.id = std::string(32, 'a');
      entry.copy.recipients = {{recipient, "", ""}};
      entry.since = entry.next = clock_.wall();
      rows.push_back(entry);
    });
    hear_.with([](auto& hear) {
      if (hear) hear();
    });
  }
  std::vector<ports::OutboxEntry> rows() {
    return rows_.with([](auto& rows) { return rows; });
  }
  void break_sent() { broken_ = true; }

  Result<std::vector<ports::OutboxEntry>> due(WallTime now, std::size_t limit) override {
    std::vector<ports::OutboxEntry> due;
    for (const auto& entry : rows()) {
      if (!entry.given_up && entry.next <= now && due.size() < limit) due.push_back(entry);
    }
    return due;
  }
  Result<std::vector<ports::OutboxEntry>> waiting(std::size_t /*limit*/) override { return rows(); }
  Result<std::string> bytes(const ports::OutboxEntry& entry) override {
    if (entry.copy.recipients[0].address == "damaged@a.net") return permanent_error("damaged");
    return std::string("X: 1\r\n\r\n");
  }
  Status sent(const ports::OutboxEntry& entry) override {
    if (broken_) return temporary_error("disk full");
    rows_.with([&](auto& rows) {
      std::erase_if(rows, [&](const auto& one) { return one.row == entry.row; });
    });
    return success();
  }
  Status postpone(std::int64_t row, WallTime next, std::string_view why) override {
    change(row, [&](auto& entry) {
      ++entry.attempts;
      entry.next = next;
      entry.last_error = why;
    });
    return success();
  }
  Status give_up(std::int64_t row, std::string_view /*why*/) override {
    change(row, [](auto& entry) { entry.given_up = true; });
    return success();
  }
  Result<std::size_t> retry_all(WallTime /*now*/) override { return std::size_t{0}; }
  Result<ports::OutboxStanding> standing() override { return ports::OutboxStanding{}; }
  void on_arrival(std::function<void()> hear) override {
    hear_.with([&](auto& current) { current = std::move(hear); });
  }

 private:
  template <typename Change>
  void change(std::int64_t row, const Change& change) {
    rows_.with([&](auto& rows) {
      for (auto& entry : rows) {
        if (entry.row == row) change(entry);
      }
    });
  }
  const Clock& clock_;
  Guarded<std::vector<ports::OutboxEntry>> rows_;
  Guarded<std::function<void()>> hear_;
  std::int64_t next_row_ = 1;
  std::atomic<bool> broken_ = false;
};

// Takes everything but what it is told to refuse; "*" is everybody.
class FakeMta final : public ports::Submitter {
 public:
  void refuse(const std::string& recipient) {
    refused_.with([&](auto& all) { all.push_back(recipient); });
  }
  void accept_all() {
    refused_.with([](auto& all) { all.clear(); });
  }
  std::vector<std::string> taken() {
    return taken_.with([](auto& all) { return all; });
  }
  int asked() const { return asked_; }
  void refuse_for_good() { is_final_ = true; }
  Result<std::string> submit(const ports::Submission& submission, Deadline /*deadline*/) override {
    ++asked_;
    const std::string& recipient = submission.recipients.at(0).address;
    const bool refuses = refused_.with([&](auto& all) {
      return std::any_of(all.begin(), all.end(),
                         [&](const auto& one) { return one == recipient || one == "*"; });
    });
    if (refuses && is_final_) return permanent_error("550 5.1.1 no such user");
    if (refuses) return temporary_error("450 4.2.0 later");
    taken_.with([&](auto& all) { all.push_back(recipient); });
    return std::string("250 2.0.0 Ok");
  }

 private:
  Guarded<std::vector<std::string>> refused_;
  Guarded<std::vector<std::string>> taken_;
  std::atomic<int> asked_ = 0;
  std::atomic<bool> is_final_ = false;
};

class CourierTest : public testing::Test {
 protected:
  test::ManualClock clock_;
  MemoryOutbox outbox_{clock_};
  FakeMta mta_;
  Courier courier_{outbox_, mta_, clock_};
};

TEST_F(CourierTest, HandsOverTheOldestFirst) {
  outbox_.add("first@a.net");
  outbox_.add("second@a.net");
  EXPECT_EQ(courier_.round(), 2U);
  EXPECT_THAT(mta_.taken(), ElementsAre("first@a.net", "second@a.net"));
  EXPECT_TRUE(outbox_.rows().empty());
}

TEST_F(CourierTest, OneThatIsRefusedHoldsUpNobody) {
  mta_.refuse("bad@a.net");
  outbox_.add("bad@a.net");
  outbox_.add("damaged@a.net");
  outbox_.add("good@a.net");
  EXPECT_EQ(courier_.round(), 1U);
  EXPECT_THAT(mta_.taken(), ElementsAre("good@a.net"));
  EXPECT_EQ(outbox_.rows().size(), 2U);
}

TEST_F(CourierTest, WaitsLongerEachTimeUpToABound) {
  mta_.refuse("*");
  outbox_.add("b@a.net");
  std::vector<long> waits;
  for (int i = 0; i < 12; ++i) {
    courier_.round();
    const auto wait = outbox_.rows()[0].next - clock_.wall();
    waits.push_back(std::chrono::duration_cast<std::chrono::seconds>(wait).count());
    EXPECT_EQ(courier_.round(), 0U) << "not before its time";
    clock_.advance(std::chrono::duration_cast<Milliseconds>(wait));
  }
  EXPECT_THAT(waits, ElementsAre(2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600));
  mta_.accept_all();
  EXPECT_EQ(courier_.round(), 1U);
}

TEST_F(CourierTest, WhereTheMtaTakesNothingTheRestIsNotTried) {
  mta_.refuse("*");
  for (int i = 0; i < 20; ++i) outbox_.add("b" + std::to_string(i) + "@a.net");
  courier_.round();
  EXPECT_EQ(mta_.asked(), 3);
}

TEST_F(CourierTest, GivesUpAfterFiveDaysAndKeepsTheCopy) {
  mta_.refuse("*");
  outbox_.add("b@a.net");
  clock_.advance(std::chrono::hours(5 * 24));
  courier_.round();
  ASSERT_EQ(outbox_.rows().size(), 1U);
  EXPECT_TRUE(outbox_.rows()[0].given_up);
}

TEST_F(CourierTest, ThatTheMtaRefusesForGoodIsTriedAgain) {
  mta_.refuse("*");
  mta_.refuse_for_good();
  outbox_.add("b@a.net");
  courier_.round();
  EXPECT_FALSE(outbox_.rows()[0].given_up);
}

// A mailbox that is not there is not there, and nobody else's copy has to wait for it.
TEST_F(CourierTest, AMailboxThatRefusesIsGivenUpAtOnceAndTheCopyStays) {
  CourierOptions options;
  options.on_refusal = OnRefusal::give_up;
  Courier courier(outbox_, mta_, clock_, options);
  mta_.refuse_for_good();
  for (int i = 0; i < 5; ++i) {
    mta_.refuse("gone" + std::to_string(i) + "@a.net");
    outbox_.add("gone" + std::to_string(i) + "@a.net");
  }
  outbox_.add("damaged@a.net");
  outbox_.add("good@a.net");
  EXPECT_EQ(courier.round(), 1U);
  EXPECT_THAT(mta_.taken(), ElementsAre("good@a.net"));
  int given_up = 0;
  for (const auto& entry : outbox_.rows()) given_up += entry.given_up ? 1 : 0;
  EXPECT_EQ(given_up, 5) << "what the vault cannot read is no word of the mailbox";
  EXPECT_EQ(outbox_.rows().size(), 6U);
}

TEST_F(CourierTest, WhatCannotBeForgottenIsNotSentAgainAtOnce) {
  outbox_.add("b@a.net");
  outbox_.break_sent();
  courier_.round();
  courier_.round();
  EXPECT_EQ(mta_.asked(), 1);
}

TEST_F(CourierTest, ItsThreadHearsOfArrivalsAndStops) {
  courier_.start();
  for (int i = 0; i < 50; ++i) outbox_.add("b" + std::to_string(i) + "@a.net");
  EXPECT_TRUE(test::eventually([&] { return mta_.taken().size() == 50; }));
  courier_.stop();
  outbox_.add("late@a.net");
  EXPECT_EQ(mta_.taken().size(), 50U);
}

}  // namespace
}  // namespace postern::outbox
