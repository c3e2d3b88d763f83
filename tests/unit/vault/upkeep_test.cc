// Walking, ending, deleting and releasing: each row once, no message that somebody still needs, nothing
// twice.
#include <gmock/gmock.h>

#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

using decide::MailClass;
using ports::Purpose;
using ports::RowRelease;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

class UpkeepTest : public VaultTest {
 protected:
  UpkeepTest() : vault_(open_vault()) {}

  void store(unsigned number, std::vector<ports::VaultCopy> copies,
             const std::string& sender = "s@example.net") {
    auto message = message_of(numbered_id(number), "Subject: x\r\n\r\nbody\r\n", std::move(copies));
    message.received += std::chrono::hours(number);
    message.sender = sender;
    const Status stored = vault_->store(message);
    if (!stored) throw std::runtime_error(stored.error().what);
  }
  std::vector<std::int64_t> rows_of(const ports::VaultFilter& filter) {
    std::vector<std::int64_t> rows;
    std::optional<ports::VaultCursor> after;
    do {
      const auto page = vault_->walk(filter, after);
      if (!page) throw std::runtime_error(page.error().what);
      for (const ports::VaultRow& row : page->rows) rows.push_back(row.row);
      after = page->next;
    } while (after);
    return rows;
  }
  ports::VaultAct act() const { return {"uid 0", clock_.wall()}; }

  std::unique_ptr<Store> vault_;
};

struct WalkCase {
  const char* name;
  ports::VaultFilter filter;
  std::vector<std::int64_t> expected;
};

TEST_F(UpkeepTest, AWalkMeetsWhatMatchesOldestFirst) {
  store(2, {copy_for("a@got.com"), copy_for("b@got.com", Purpose::archive)});   // 1, 2
  store(1, {copy_for("a@hbo.com", Purpose::retention, MailClass::clean)}, "");  // 3
  store(3, {copy_for("a@got.com", Purpose::quarantine, MailClass::virus)}, "S@example.net");  // 4
  const auto first = vault_->list({.id = numbered_id(1)})->at(0).received;
  const WalkCase cases[] = {
      {"everything", {}, {3, 1, 2, 4}},
      {"a message", {.id = numbered_id(2)}, {1, 2}},
      {"a recipient", {.recipient = "A@got.com"}, {1, 4}},
      {"a domain", {.domain = "hbo.com"}, {3}},
      {"a purpose", {.purpose = Purpose::archive}, {2}},
      {"a class", {.mail_class = MailClass::virus}, {4}},
      {"a sender in any case", {.sender = "s@EXAMPLE.net"}, {1, 2, 4}},
      {"the null sender", {.sender = ""}, {3}},
      {"from then on", {.received_from = first + std::chrono::hours(1)}, {1, 2, 4}},
      {"before", {.received_before = first + std::chrono::hours(1)}, {3}},
      {"all together",
       {.recipient = "a@got.com",
        .domain = "got.com",
        .sender = "s@example.net",
        .received_before = first + std::chrono::hours(2)},
       {1}},
      {"no pattern", {.sender = "%"}, {}},
  };
  for (const WalkCase& test : cases) {
    SCOPED_TRACE(test.name);
    EXPECT_THAT(rows_of(test.filter), ElementsAreArray(test.expected));
    EXPECT_EQ(*vault_->count(test.filter), test.expected.size());
    EXPECT_EQ(vault_->list(test.filter)->size(), test.expected.size());
  }
}

TEST_F(UpkeepTest, PagesJoinWithoutAGapOrARowTwice) {
  // All received at once, so that only the row tells them apart; more than a page looks at.
  std::vector<ports::VaultCopy> copies(700, copy_for("a@got.com"));
  for (std::size_t i = 0; i < copies.size(); i += 7) copies[i].purpose = Purpose::archive;
  for (unsigned number = 1; number <= 4; ++number) {
    ASSERT_TRUE(vault_->store(message_of(numbered_id(number), "body", copies)));
  }
  const auto all = rows_of({});
  ASSERT_EQ(all.size(), 2800U);
  for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<std::int64_t>(i + 1));
  EXPECT_EQ(rows_of({.purpose = Purpose::archive}).size(), 400U);
  EXPECT_THAT(rows_of({.purpose = Purpose::retention}), IsEmpty());
}

TEST_F(UpkeepTest, EndedTellsWhatIsOverTheEarliestFirst) {
  store(3, {copy_for("a@got.com", Purpose::quarantine, MailClass::spam, 1)});
  store(1, {copy_for("a@got.com", Purpose::quarantine, MailClass::spam, 1)});
  store(2, {copy_for("a@got.com", Purpose::quarantine, MailClass::spam, 0)});
  const WallTime last = *vault_->list({.id = numbered_id(3)})->at(0).expires;
  const auto rows_at = [&](WallTime now) {
    std::vector<std::int64_t> rows;
    std::optional<ports::VaultCursor> after;
    do {
      const auto page = vault_->ended(now, after, 1);
      for (const ports::VaultRow& row : page->rows) rows.push_back(row.row);
      after = page->next;
    } while (after);
    return rows;
  };
  EXPECT_THAT(rows_at(last - std::chrono::hours(3)), IsEmpty());
  EXPECT_THAT(rows_at(last - std::chrono::milliseconds(1)), ElementsAre(2));
  EXPECT_THAT(rows_at(last), ElementsAre(2, 1));
  ASSERT_TRUE(vault_->set_ends({{1, std::nullopt}, {3, last}}));
  EXPECT_THAT(rows_at(last), ElementsAre(2, 3));
  EXPECT_EQ(vault_->list({.id = numbered_id(3)})->at(0).expires, std::nullopt);
}

TEST_F(UpkeepTest, AMessageStaysUntilTheLastRowAndTheOutboxHaveDoneWithIt) {
  auto message =
      message_of(numbered_id(1), noise(1000), {copy_for("a@got.com"), copy_for("b@got.com")});
  const std::string bytes = noise(1000);
  message.bytes = bytes;
  ports::OutboxCopy leaving;
  leaving.recipients = {{"c@got.com", "", ""}};
  leaving.header = "Subject: x\r\n";
  message.outbox = {leaving};
  ASSERT_TRUE(vault_->store(message));
  store(2, {copy_for("a@got.com")});

  auto removed = vault_->remove({1}, std::nullopt);
  ASSERT_TRUE(removed) << removed.error().what;
  EXPECT_EQ(removed->rows, 1U);
  EXPECT_EQ(removed->messages, 0U);
  removed = vault_->remove({2}, std::nullopt);
  EXPECT_EQ(removed->messages, 0U) << "the outbox needs it";
  EXPECT_EQ(*vault_->read(numbered_id(1)), bytes);
  EXPECT_THAT(findings_of(*vault_), IsEmpty());
  ASSERT_TRUE(vault_->sent(vault_->due(clock_.wall(), 1)->at(0)));
  EXPECT_FALSE(vault_->read(numbered_id(1)));
  expect_whole(*vault_);

  removed = vault_->remove({1, 2, 3, 99}, std::nullopt);
  EXPECT_EQ(removed->rows, 1U);
  EXPECT_EQ(removed->messages, 1U);
  EXPECT_GT(removed->bytes, 0U);
  EXPECT_EQ(vault_->usage()->messages, 0U);
  EXPECT_EQ(vault_->usage()->bytes, 0U);
  EXPECT_TRUE(files_below("blobs").empty());
  expect_whole(*vault_);
}

TEST_F(UpkeepTest, WhatIsReleasedLeavesOnceAsItWasStored) {
  store(1, {copy_for("a@got.com"), copy_for("A@got.com", Purpose::archive), copy_for("b@got.com")});
  EXPECT_THAT(*vault_->release({1, 2, 3, 99}, act()),
              ElementsAre(RowRelease::released, RowRelease::already_released, RowRelease::released,
                          RowRelease::gone));
  EXPECT_THAT(*vault_->release({1, 2, 3}, act()),
              ElementsAre(RowRelease::already_released, RowRelease::already_released,
                          RowRelease::already_released));
  const auto waiting = *vault_->due(clock_.wall(), 10);
  ASSERT_EQ(waiting.size(), 2U);
  EXPECT_EQ(waiting[0].copy.recipients.at(0).address, "a@got.com");
  EXPECT_EQ(waiting[1].copy.recipients.at(0).address, "b@got.com");
  EXPECT_EQ(waiting[0].copy.sender, "s@example.net");
  EXPECT_EQ(*vault_->bytes(waiting[0]), "Subject: x\r\n\r\nbody\r\n");
  EXPECT_EQ(vault_->list({.recipient = "b@got.com"})->at(0).released, clock_.wall());
  EXPECT_EQ(vault_->list({.recipient = "b@got.com"})->at(0).released_by, "uid 0");

  // Deleted before the MTA has it: it still leaves, and then everything is gone.
  ASSERT_EQ(vault_->remove({1, 2, 3}, act())->messages, 0U);
  EXPECT_EQ(*vault_->bytes(waiting[1]), "Subject: x\r\n\r\nbody\r\n");
  for (const auto& entry : waiting) ASSERT_TRUE(vault_->sent(entry));
  EXPECT_EQ(vault_->usage()->messages, 0U);
  expect_whole(*vault_);
}

TEST_F(UpkeepTest, ReleasingTellsTheCourier) {
  store(1, {copy_for("a@got.com")});
  int heard = 0;
  vault_->on_arrival([&heard] { ++heard; });
  ASSERT_TRUE(vault_->release({1}, act()));
  EXPECT_EQ(heard, 1);
}

TEST_F(UpkeepTest, WhoDidWhatIsToldAfterTheRowIsGone) {
  store(1, {copy_for("a@got.com"), copy_for("b@got.com", Purpose::archive)});
  ASSERT_TRUE(vault_->release({1}, act()));
  clock_.advance(std::chrono::hours(1));
  ASSERT_TRUE(vault_->remove({1, 2}, ports::VaultAct{"uid 7", clock_.wall()}));
  const auto records = *vault_->records(std::nullopt, 10);
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].what, "delete");
  EXPECT_EQ(records[0].recipient, "b@got.com");
  EXPECT_EQ(records[0].purpose, "archive");
  EXPECT_EQ(records[0].mail_class, "spam");
  EXPECT_EQ(records[2].what, "release");
  EXPECT_EQ(records[2].act.who, "uid 0");
  EXPECT_EQ(records[2].act.when, clock_.wall() - std::chrono::hours(1));
  EXPECT_EQ(records[2].id, numbered_id(1));
  EXPECT_EQ(vault_->records(numbered_id(2), 10)->size(), 0U);
  ASSERT_TRUE(vault_->forget_records(clock_.wall()));
  EXPECT_EQ(vault_->records(numbered_id(1), 10)->size(), 2U);
}

TEST_F(UpkeepTest, ARemovalThatCannotBeCommittedRemovesNothing) {
  store(1, {copy_for("a@got.com")});
  const std::string bytes = *vault_->read(numbered_id(1));
  std::filesystem::rename(path_ / "tmp", path_ / "elsewhere");
  const auto removed = vault_->remove({1}, std::nullopt);
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().permanence, Permanence::temporary);
  std::filesystem::rename(path_ / "elsewhere", path_ / "tmp");
  EXPECT_EQ(*vault_->read(numbered_id(1)), bytes);
  expect_whole(*vault_);
  ASSERT_TRUE(vault_->remove({1}, std::nullopt));
  expect_whole(*vault_);
}

}  // namespace
}  // namespace postern::vault
