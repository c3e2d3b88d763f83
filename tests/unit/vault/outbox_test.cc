// The outbox: committed with what is kept, forgotten by sent() alone, its blob gone when nobody needs it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "adapters/vault/vault.h"
#include "support/manual_clock.h"
#include "support/temp_dir.h"

namespace postern::vault {
namespace {

using testing::ElementsAre;

class Outbox : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    store_.reset();
    auto opened = open({folder_.path(), false, 0, 0, clock_});
    ASSERT_TRUE(opened) << opened.error().what;
    store_ = std::move(*opened);
  }
  ports::VaultMessage message(char digit, const std::vector<std::string>& leaving) {
    ports::VaultMessage message;
    message.id = std::string(32, digit);
    message.bytes = kBytes;
    message.received = clock_.wall();
    for (const std::string& recipient : leaving) {
      ports::OutboxCopy copy;
      copy.sender = "s@example.org";
      copy.recipients = {{recipient, "NEVER", "rfc822;x"}};
      copy.header = "Subject: [SPAM] Hello\r\nX: 1\r\n";
      message.outbox.push_back(copy);
    }
    return message;
  }
  std::vector<ports::OutboxEntry> due() { return *store_->due(clock_.wall(), 100); }
  std::size_t blobs() const {
    std::size_t count = 0;
    const std::filesystem::path root = std::filesystem::path(folder_.path()) / "blobs";
    for (const auto& file : std::filesystem::recursive_directory_iterator(root)) {
      count += file.is_regular_file() ? 1U : 0U;
    }
    return count;
  }

  static constexpr const char* kBytes = "Subject: Hello\r\n\r\nBody.\r\n";
  test::TempDir folder_;
  test::ManualClock clock_;
  std::unique_ptr<Store> store_;
};

TEST_F(Outbox, ACopyHasItsOwnHeaderAndTheMessagesBody) {
  ASSERT_TRUE(store_->store(message('a', {"b@a.net"})));
  const auto entries = due();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].copy.sender, "s@example.org");
  EXPECT_EQ(entries[0].copy.recipients.at(0).address, "b@a.net");
  EXPECT_EQ(entries[0].copy.recipients.at(0).notify, "NEVER");
  EXPECT_EQ(entries[0].copy.recipients.at(0).orcpt, "rfc822;x");
  EXPECT_EQ(*store_->bytes(entries[0]), "Subject: [SPAM] Hello\r\nX: 1\r\n\r\nBody.\r\n");
}

TEST_F(Outbox, ABodyOfItsOwnCountsBeforeTheMessages) {
  auto leaving = message('a', {"b@a.net"});
  leaving.outbox[0].body = "Other.\r\n";
  ASSERT_TRUE(store_->store(leaving));
  EXPECT_EQ(*store_->bytes(due()[0]), "Subject: [SPAM] Hello\r\nX: 1\r\n\r\nOther.\r\n");
}

TEST_F(Outbox, SurvivesARestartInTheOrderOfAge) {
  ASSERT_TRUE(store_->store(message('b', {"first@a.net"})));
  clock_.advance(std::chrono::seconds(1));
  ASSERT_TRUE(store_->store(message('a', {"second@a.net"})));
  reopen();
  std::vector<std::string> order;
  for (const auto& entry : due()) order.push_back(entry.copy.recipients.at(0).address);
  EXPECT_THAT(order, ElementsAre("first@a.net", "second@a.net"));
}

TEST_F(Outbox, TheMessageGoesWithTheLastWhoNeedsIt) {
  ASSERT_TRUE(store_->store(message('a', {"b@a.net", "c@a.net"})));
  const auto entries = due();
  ASSERT_TRUE(store_->sent(entries[0]));
  EXPECT_EQ(blobs(), 1U);
  ASSERT_TRUE(store_->sent(entries[1]));
  EXPECT_EQ(blobs(), 0U);
  EXPECT_TRUE(due().empty());
  EXPECT_EQ(store_->usage()->messages, 0U);
  EXPECT_TRUE(store_->sent(entries[1])) << "sent once more";
}

TEST_F(Outbox, TheMessageStaysWhereACopyIsKept) {
  auto kept = message('a', {"b@a.net"});
  kept.copies.push_back(
      {"c@a.net", "a.net", ports::Purpose::quarantine, decide::MailClass::spam, "", 0});
  ASSERT_TRUE(store_->store(kept));
  ASSERT_TRUE(store_->sent(due()[0]));
  EXPECT_EQ(*store_->read(kept.id), kBytes);
}

TEST_F(Outbox, WhatIsPutOffWaitsAndWhatIsGivenUpStays) {
  ASSERT_TRUE(store_->store(message('a', {"b@a.net"})));
  const auto entry = due()[0];
  ASSERT_TRUE(store_->postpone(entry.row, clock_.wall() + std::chrono::seconds(10), "450 later"));
  EXPECT_TRUE(due().empty());
  EXPECT_EQ(store_->standing()->waiting, 1U);
  clock_.advance(std::chrono::seconds(10));
  ASSERT_EQ(due().size(), 1U);
  EXPECT_EQ(due()[0].attempts, 1);
  EXPECT_EQ(due()[0].last_error, "450 later");
  ASSERT_TRUE(store_->give_up(entry.row, "too long"));
  EXPECT_TRUE(due().empty());
  EXPECT_EQ(store_->standing()->given_up, 1U);
  EXPECT_EQ(store_->waiting(10)->size(), 1U);
  EXPECT_EQ(*store_->retry_all(clock_.wall()), 1U);
  EXPECT_EQ(due().size(), 1U);
}

TEST_F(Outbox, WhoeverWaitsForArrivalsHearsThem) {
  int heard = 0;
  store_->on_arrival([&heard] { ++heard; });
  auto kept = message('a', {});
  kept.copies.push_back(
      {"c@a.net", "a.net", ports::Purpose::quarantine, decide::MailClass::spam, "", 0});
  ASSERT_TRUE(store_->store(kept));
  EXPECT_EQ(heard, 0);
  ASSERT_TRUE(store_->store(message('b', {"b@a.net"})));
  EXPECT_EQ(heard, 1);
}

}  // namespace
}  // namespace postern::vault
