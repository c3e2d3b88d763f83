// The outbox: committed with what is kept, forgotten by sent() alone, its blob gone when nobody needs it.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "adapters/vault/schema.h"
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

  std::string index_file() const { return folder_ / "index.sqlite"; }

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

// The copies that go into mailboxes have an outbox of their own, in the same table.
class MailboxCopies : public Outbox {
 protected:
  ports::VaultMessage kept(char digit) {
    auto kept = message(digit, {});
    kept.sender = "s@example.org";
    kept.mailbox_header = "X-Postern-Id: 1\r\nSubject: Hello\r\n";
    kept.copies = {{"b@a.net", "a.net", ports::Purpose::quarantine, decide::MailClass::spam, "", 3,
                    "b+Spam@a.net"},
                   {"b@a.net", "a.net", ports::Purpose::archive, decide::MailClass::spam, "", 12},
                   {"c@a.net", "a.net", ports::Purpose::quarantine, decide::MailClass::spam, "", 3,
                    "\"c+Junk Mail\"@a.net"}};
    return kept;
  }
  std::vector<ports::OutboxEntry> for_mailboxes() {
    return *store_->mailboxes().due(clock_.wall(), 100);
  }
  void forget_copies() {
    SQLite::Database index(index_file(), SQLite::OPEN_READWRITE);
    index.exec("DELETE FROM copy");
  }
};

TEST_F(MailboxCopies, AreCommittedWithTheirCopiesAndWaitApart) {
  ASSERT_TRUE(store_->store(kept('a')));
  ASSERT_TRUE(store_->store(message('b', {"d@a.net"})));
  reopen();
  ASSERT_EQ(due().size(), 1U) << "the MTA has no part in them";
  EXPECT_FALSE(due()[0].into_mailbox);
  const auto entries = for_mailboxes();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_TRUE(entries[0].into_mailbox);
  EXPECT_EQ(entries[0].copy.sender, "s@example.org");
  EXPECT_EQ(entries[0].copy.recipients.at(0).address, "b+Spam@a.net");
  EXPECT_EQ(entries[1].copy.recipients.at(0).address, "\"c+Junk Mail\"@a.net");
  EXPECT_EQ(*store_->mailboxes().bytes(entries[0]),
            "X-Postern-Id: 1\r\nSubject: Hello\r\n\r\nBody.\r\n");
  EXPECT_EQ(store_->mailboxes().standing()->waiting, 2U);
  EXPECT_EQ(store_->standing()->waiting, 1U);
  EXPECT_EQ(store_->waiting(10)->size(), 3U) << "who asks what waits sees all of it";
}

TEST_F(MailboxCopies, LeaveTheVaultAsItWas) {
  ASSERT_TRUE(store_->store(kept('a')));
  for (const auto& entry : for_mailboxes()) ASSERT_TRUE(store_->mailboxes().sent(entry));
  EXPECT_TRUE(for_mailboxes().empty());
  EXPECT_EQ(store_->list({})->size(), 3U);
  EXPECT_EQ(*store_->read(std::string(32, 'a')), kBytes);
}

TEST_F(MailboxCopies, OneThatWasRefusedGoesWithItsCopyAndOneThatWaitsStays) {
  ASSERT_TRUE(store_->store(kept('a')));
  const auto entries = for_mailboxes();
  ASSERT_TRUE(store_->mailboxes().give_up(entries[0].row, "550 no such user"));
  EXPECT_EQ(store_->mailboxes().standing()->given_up, 1U);
  EXPECT_EQ(store_->waiting(10)->size(), 2U);
  forget_copies();
  reopen();
  ASSERT_EQ(store_->waiting(10)->size(), 1U);
  EXPECT_EQ(for_mailboxes().at(0).copy.recipients.at(0).address, "\"c+Junk Mail\"@a.net");
}

TEST_F(MailboxCopies, WhoeverCarriesThemHearsThem) {
  int mta = 0;
  int mailboxes = 0;
  store_->on_arrival([&mta] { ++mta; });
  store_->mailboxes().on_arrival([&mailboxes] { ++mailboxes; });
  ASSERT_TRUE(store_->store(kept('a')));
  ASSERT_TRUE(store_->store(message('b', {"d@a.net"})));
  EXPECT_EQ(mta, 1);
  EXPECT_EQ(mailboxes, 1);
}

// As it is found after an update: rows of the version before go to the MTA.
TEST_F(MailboxCopies, AnIndexOfAnEarlierVersionIsBroughtUpToDate) {
  store_.reset();
  std::filesystem::remove(index_file());
  {
    SQLite::Database index(index_file(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    index.exec(kSchema);
    index.exec(kOutboxSchema);
    index.exec("INSERT INTO message VALUES ('" + std::string(32, 'b') +
               "', x'00', 1, 'plain', '', '', '', '', '', NULL, '', 0, 0, 1, 0, 0);"
               "INSERT INTO outbox (id, sender, recipients, header, eight_bit, smtputf8, ret, "
               "envid, since,"
               " next) VALUES ('" +
               std::string(32, 'b') +
               "', 's@example.org', x'80', '', 0, 0, '', '', 0, 0);"
               "PRAGMA user_version = 2");
  }
  reopen();
  ASSERT_EQ(due().size(), 1U);
  EXPECT_TRUE(for_mailboxes().empty());
  ASSERT_TRUE(store_->store(kept('a')));
  EXPECT_EQ(due().size(), 1U);
  EXPECT_EQ(for_mailboxes().size(), 2U);
}

}  // namespace
}  // namespace postern::vault
