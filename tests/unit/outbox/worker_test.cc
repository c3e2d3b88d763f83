// What was committed to the outbox reaches the MTA, in order of age, and nothing stops the rest.
#include "outbox/worker.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <fstream>

#include "support/eventually.h"
#include "unit/outbox/recording_submitter.h"
#include "unit/vault/fixture.h"

namespace postern::outbox {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using vault::message_of;
using vault::numbered_id;

ports::OutboxCopy leaving_for(const std::string& recipient) {
  ports::OutboxCopy copy;
  copy.sender = "sender@example.net";
  copy.recipients = {{recipient, "", ""}};
  copy.header = "Subject: for " + recipient + "\r\n";
  return copy;
}

class WorkerTest : public vault::VaultTest {
 protected:
  WorkerTest() {
    vault_ = open_vault();
    listen();
  }
  void listen() {
    vault_->on_arrival([] {});
  }
  void reopen() {
    vault_.reset();
    vault_ = open_vault();
    listen();
  }
  void store(unsigned number, std::vector<std::string> recipients,
             std::vector<ports::VaultCopy> kept = {}) {
    auto message = message_of(numbered_id(number), kBytes, std::move(kept));
    for (const auto& recipient : recipients) message.outbox.push_back(leaving_for(recipient));
    const Status stored = vault_->store(message);
    ASSERT_TRUE(stored) << stored.error().what;
  }
  Milliseconds pass() { return Worker(*vault_, submitter_, clock_, options_).pass(); }
  std::vector<std::string> receivers() const {
    std::vector<std::string> all;
    for (const auto& taken : submitter_.taken()) all.push_back(taken.recipients.front());
    return all;
  }
  ports::OutboxUsage usage() {
    auto usage = vault_->outbox_usage();
    EXPECT_TRUE(usage);
    return usage ? *usage : ports::OutboxUsage{};
  }

  static constexpr const char* kBytes = "Subject: original\r\nX-A: b\r\n\r\n.body\r\n\r\nmore\r\n";
  std::unique_ptr<vault::Store> vault_;
  test::RecordingSubmitter submitter_;
  WorkerOptions options_;
};

TEST_F(WorkerTest, ACopyLeavesWithItsOwnHeaderEnvelopeAndParameters) {
  auto message = message_of(numbered_id(1), kBytes, {});
  ports::OutboxCopy copy = leaving_for("a@got.com");
  copy.sender = "";
  copy.recipients = {{"a@got.com", "SUCCESS,FAILURE", "rfc822;A@got.com"}, {"b@got.com", "", ""}};
  copy.eight_bit = true;
  copy.smtputf8 = true;
  copy.ret = "HDRS";
  copy.envid = "QQ314159";
  message.outbox = {copy, leaving_for("c@got.com")};
  message.outbox[1].body = "another body\r\n";
  ASSERT_TRUE(vault_->store(message));
  pass();
  const auto taken = submitter_.taken();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].id, numbered_id(1));
  EXPECT_EQ(taken[0].sender, "");
  EXPECT_THAT(taken[0].recipients, ElementsAre("a@got.com", "b@got.com"));
  EXPECT_EQ(taken[0].bytes, "Subject: for a@got.com\r\n\r\n.body\r\n\r\nmore\r\n");
  EXPECT_TRUE(taken[0].eight_bit && taken[0].smtputf8);
  EXPECT_EQ(taken[0].ret, "HDRS");
  EXPECT_EQ(taken[0].envid, "QQ314159");
  EXPECT_EQ(taken[0].notify, "SUCCESS,FAILURE");
  EXPECT_EQ(taken[0].orcpt, "rfc822;A@got.com");
  EXPECT_EQ(taken[1].sender, "sender@example.net");
  EXPECT_EQ(taken[1].bytes, "Subject: for c@got.com\r\n\r\nanother body\r\n");
}

TEST_F(WorkerTest, WhatHasLeftIsGoneAndWhatIsKeptStays) {
  store(1, {"a@got.com"});
  store(2, {"b@got.com"}, {vault::copy_for("kept@got.com")});
  pass();
  EXPECT_THAT(receivers(), ElementsAre("a@got.com", "b@got.com"));
  EXPECT_EQ(usage().waiting, 0U);
  EXPECT_THAT(files_below("blobs"), ElementsAre(numbered_id(2)));
  expect_whole(*vault_);
  pass();
  EXPECT_EQ(submitter_.asked(), 2);
}

TEST_F(WorkerTest, OnlyTheLastCopyTakesTheMessageAlong) {
  store(1, {"a@got.com", "b@got.com"});
  submitter_.refuse([](const auto& who) {
    return who == "b@got.com" ? std::make_optional(temporary_error("451 later")) : std::nullopt;
  });
  pass();
  EXPECT_THAT(receivers(), ElementsAre("a@got.com"));
  EXPECT_THAT(files_below("blobs"), ElementsAre(numbered_id(1)));
  submitter_.refuse({});
  clock_.advance(options_.first_pause);
  pass();
  EXPECT_THAT(receivers(), ElementsAre("a@got.com", "b@got.com"));
  EXPECT_THAT(files_below("blobs"), IsEmpty());
}

TEST_F(WorkerTest, OldestFirstAlsoAfterARestart) {
  for (unsigned i = 1; i <= 250; ++i) store(i, {std::to_string(i) + "@got.com"});
  reopen();
  pass();
  const auto all = receivers();
  ASSERT_EQ(all.size(), 250U);
  for (unsigned i = 1; i <= 250; ++i) EXPECT_EQ(all[i - 1], std::to_string(i) + "@got.com");
}

TEST_F(WorkerTest, WhatFailsWaitsLongerEachTimeAndHoldsUpNoOther) {
  store(1, {"poisoned@got.com"});
  store(2, {"good@got.com"});
  int tries = 0;
  submitter_.refuse([&](const auto& who) -> std::optional<Error> {
    if (who != "poisoned@got.com") return std::nullopt;
    ++tries;
    return temporary_error("451 4.3.0 not now");
  });
  pass();
  EXPECT_THAT(receivers(), ElementsAre("good@got.com"));
  Milliseconds pause = options_.first_pause;
  for (int tried = 1; tried < 12; ++tried) {
    EXPECT_EQ(tries, tried);
    clock_.advance(pause - 1ms);
    pass();
    EXPECT_EQ(tries, tried);
    clock_.advance(1ms);
    pass();
    pause = std::min(pause * 2, options_.longest_pause);
  }
  const auto rows = vault_->outbox_rows(10, 0);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->at(0).attempts, 12U);
  EXPECT_THAT(rows->at(0).recipients, ElementsAre("poisoned@got.com"));
  EXPECT_THAT(rows->at(0).last_error, HasSubstr("not now"));
}

TEST_F(WorkerTest, ARefusalForGoodIsKeptAndCanBeTriedAgain) {
  store(1, {"a@got.com"});
  submitter_.refuse([](const auto&) { return permanent_error("550 5.7.1 no"); });
  pass();
  clock_.advance(24h);
  pass();
  EXPECT_EQ(submitter_.asked(), 1);
  EXPECT_EQ(usage().given_up, 1U);
  EXPECT_EQ(usage().waiting, 0U);
  submitter_.refuse({});
  const auto rows = vault_->outbox_rows(10, 0);
  ASSERT_TRUE(rows && rows->size() == 1);
  EXPECT_TRUE(rows->at(0).given_up);
  EXPECT_FALSE(vault_->retry(rows->at(0).row + 1, clock_.wall()));
  ASSERT_TRUE(vault_->retry(rows->at(0).row, clock_.wall()));
  pass();
  EXPECT_THAT(receivers(), ElementsAre("a@got.com"));
  EXPECT_EQ(usage().given_up, 0U);
}

TEST_F(WorkerTest, AfterFiveDaysItIsGivenUpButNotLost) {
  store(1, {"a@got.com"});
  submitter_.refuse([](const auto&) { return temporary_error("no connection"); });
  for (int minutes = 0; minutes < 24 * 5 * 60; minutes += 30) {
    pass();
    EXPECT_EQ(usage().given_up, 0U);
    clock_.advance(30min);
  }
  pass();
  EXPECT_EQ(usage().given_up, 1U);
  reopen();
  submitter_.refuse({});
  const auto retried = vault_->retry(std::nullopt, clock_.wall());
  ASSERT_TRUE(retried);
  EXPECT_EQ(*retried, 1U);
  pass();
  EXPECT_THAT(receivers(), ElementsAre("a@got.com"));
}

TEST_F(WorkerTest, AClockThatWasSetBackStrandsNothing) {
  clock_.advance(24h * 365);
  store(1, {"a@got.com"});
  submitter_.refuse([](const auto&) { return temporary_error("451"); });
  pass();
  clock_.advance(-24h * 365);
  submitter_.refuse({});
  pass();
  EXPECT_THAT(receivers(), ElementsAre("a@got.com"));
}

TEST_F(WorkerTest, ADamagedMessageIsKeptForAnOperatorAndStopsNoOther) {
  store(1, {"a@got.com"});
  store(2, {"b@got.com"});
  std::ofstream(blob_path(numbered_id(1))) << "something else";
  pass();
  EXPECT_THAT(receivers(), ElementsAre("b@got.com"));
  EXPECT_EQ(usage().given_up, 1U);
}

TEST_F(WorkerTest, ACopyThatIsHandedOverButCannotBeNotedDownIsNotHandedOverTwice) {
  store(1, {"a@got.com"});
  Worker worker(*vault_, submitter_, clock_, options_);
  SQLite::Database other((path_ / "index.sqlite").string(), SQLite::OPEN_READWRITE);
  other.exec(
      "CREATE TRIGGER broken BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'broken'); END");
  worker.pass();
  worker.pass();
  EXPECT_EQ(submitter_.asked(), 1);
  EXPECT_EQ(usage().waiting, 1U);
  other.exec("DROP TRIGGER broken");
  worker.pass();
  EXPECT_EQ(submitter_.asked(), 1);
  EXPECT_EQ(usage().waiting, 0U);
}

TEST_F(WorkerTest, WhereNobodyEmptiesTheOutboxNothingIsPromised) {
  vault_->on_arrival({});
  auto message = message_of(numbered_id(1), kBytes, {vault::copy_for("kept@got.com")});
  message.outbox = {leaving_for("a@got.com")};
  const Status refused = vault_->store(message);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().permanence, Permanence::temporary);
  expect_whole(*vault_);
  message.outbox.clear();
  EXPECT_TRUE(vault_->store(message));
}

TEST_F(WorkerTest, AnIndexOfTheFirstVersionIsBroughtUpToDate) {
  store(1, {}, {vault::copy_for("kept@got.com")});
  vault_.reset();
  {
    SQLite::Database old((path_ / "index.sqlite").string(), SQLite::OPEN_READWRITE);
    old.exec(
        "DROP TABLE outbox_recipient; DROP TABLE outbox; DROP TABLE doomed;"
        "PRAGMA user_version = 1");
  }
  vault_ = open_vault();
  listen();
  expect_whole(*vault_);
  store(2, {"a@got.com"});
  pass();
  EXPECT_THAT(receivers(), ElementsAre("a@got.com"));
  EXPECT_THAT(files_below("blobs"), ElementsAre(numbered_id(1)));
}

TEST_F(WorkerTest, TheThreadIsWokenByWhatArrivesAndStopsWhereItWaits) {
  Worker worker(*vault_, submitter_, clock_, options_);
  worker.start();
  std::vector<std::thread> senders;
  for (unsigned sender = 0; sender < 4; ++sender) {
    senders.emplace_back([this, sender] {
      for (unsigned i = 1; i <= 10; ++i) {
        auto message = message_of(numbered_id(sender * 100 + i), kBytes, {});
        message.outbox = {leaving_for("a@got.com")};
        EXPECT_TRUE(vault_->store(message));
      }
    });
  }
  for (auto& sender : senders) sender.join();
  EXPECT_TRUE(test::eventually([&] { return submitter_.taken().size() == 40; }));
  worker.stop();
  EXPECT_EQ(usage().waiting, 0U);
  EXPECT_THAT(files_below("blobs"), IsEmpty());
}

TEST(PauseAfter, DoublesUpToItsLimitAndNeverOverflows) {
  const WorkerOptions options;
  EXPECT_EQ(pause_after(0, options), options.first_pause);
  EXPECT_EQ(pause_after(1, options), options.first_pause);
  EXPECT_EQ(pause_after(2, options), options.first_pause * 2);
  EXPECT_EQ(pause_after(5, options), options.first_pause * 16);
  EXPECT_EQ(pause_after(4'000'000'000U, options), options.longest_pause);
}

}  // namespace
}  // namespace postern::outbox
