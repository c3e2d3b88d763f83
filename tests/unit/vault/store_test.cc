// What is stored comes back as it was, whole or not at all, for us alone.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::StartsWith;

using StoreTest = VaultTest;

TEST_F(StoreTest, AMessageComesBackByteForByteWithAllThatIsKnownOfIt) {
  const std::string bytes = "Subject: x\r\n\r\nzero \0, high \xff, bare \n and \r, no end"s;
  auto message =
      message_of(numbered_id(1), bytes, {copy_for("Bob@got.com"), copy_for("b@hbo.com")});
  message.score = -7250;
  message.virus = "Eicar";
  message.eight_bit = true;
  message.smtputf8 = true;
  message.generation = 42;
  message.subject = "Grüße";
  message.sender = "";
  const auto vault = open_vault();
  const Status stored = vault->store(message);
  ASSERT_TRUE(stored) << stored.error().what;

  const auto read = vault->read(message.id);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, bytes);
  const auto rows = vault->list({});
  ASSERT_TRUE(rows) << rows.error().what;
  ASSERT_EQ(rows->size(), 2U);
  const ports::VaultRow& row = rows->at(1);
  EXPECT_EQ(row.id, message.id);
  EXPECT_EQ(row.copy.recipient, "Bob@got.com");
  EXPECT_EQ(row.copy.domain, "got.com");
  EXPECT_EQ(row.copy.purpose, ports::Purpose::quarantine);
  EXPECT_EQ(row.copy.mail_class, decide::MailClass::spam);
  EXPECT_EQ(row.copy.reason, "score 7.2 of 5.0");
  EXPECT_EQ(row.copy.duration, 30);
  EXPECT_EQ(row.sender, "");
  EXPECT_EQ(row.client, "192.0.2.7");
  EXPECT_EQ(row.queue_id, "4Fxyz1");
  EXPECT_EQ(row.subject, "Grüße");
  EXPECT_EQ(row.score, -7250);
  EXPECT_EQ(row.virus, "Eicar");
  EXPECT_TRUE(row.eight_bit);
  EXPECT_TRUE(row.smtputf8);
  EXPECT_EQ(row.generation, 42U);
  EXPECT_EQ(row.size, bytes.size());
  EXPECT_EQ(row.received, message.received);
  EXPECT_EQ(row.expires, message.received + std::chrono::days(30));
  EXPECT_EQ(row.released, std::nullopt);
  EXPECT_EQ(row.released_by, "");
  expect_whole(*vault);
}

TEST_F(StoreTest, StoredMailSurvivesARestart) {
  for (const bool durable : {true, false}) {
    VaultOptions chosen = options();
    chosen.durable = durable;
    const std::string id = numbered_id(durable ? 1 : 2);
    const Status stored = open_vault(chosen)->store(message_of(id, "body"));
    ASSERT_TRUE(stored) << stored.error().what;
    const auto read = open_vault(chosen)->read(id);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(*read, "body");
  }
  expect_whole(*open_vault());
}

TEST_F(StoreTest, AnEmptyMessageIsAMessage) {
  const auto vault = open_vault();
  ASSERT_TRUE(vault->store(message_of(numbered_id(1), "")));
  const auto read = vault->read(numbered_id(1));
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, "");
}

TEST_F(StoreTest, AnIdIsTakenOnlyOnceAndKeepsWhatItStoodFor) {
  const auto vault = open_vault();
  ASSERT_TRUE(vault->store(message_of(numbered_id(1), "first")));
  const Status again = vault->store(message_of(numbered_id(1), "second"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().permanence, Permanence::permanent);
  EXPECT_THAT(again.error().what, HasSubstr(numbered_id(1)));
  EXPECT_EQ(*vault->read(numbered_id(1)), "first");
  expect_whole(*vault);
}

TEST_F(StoreTest, WhatIsNoIdNeverBecomesAPath) {
  const auto vault = open_vault();
  for (const std::string id :
       {"", "../../../../../../../../etc/passwd", "0123456789ABCDEF0123456789ABCDEF", "abc",
        "0000000000000000000000000000000/", "00000000000000000000000000000000\n"}) {
    const Status stored = vault->store(message_of(id, "body"));
    ASSERT_FALSE(stored) << id;
    EXPECT_EQ(stored.error().permanence, Permanence::permanent) << id;
    const auto read = vault->read(id);
    ASSERT_FALSE(read) << id;
    EXPECT_EQ(read.error().permanence, Permanence::permanent) << id;
  }
  expect_whole(*vault);
}

TEST_F(StoreTest, AMessageForNobodyIsRefused) {
  const auto vault = open_vault();
  const Status stored = vault->store(message_of(numbered_id(1), "body", {}));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().permanence, Permanence::permanent);
  expect_whole(*vault);
}

TEST_F(StoreTest, AnUnknownMessageIsNamed) {
  const auto read = open_vault()->read(numbered_id(7));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().permanence, Permanence::permanent);
  EXPECT_THAT(read.error().what, HasSubstr(numbered_id(7)));
}

TEST_F(StoreTest, NobodyElseCanReadIt) {
  const mode_t before = ::umask(0);
  const auto vault = open_vault();
  ASSERT_TRUE(vault->store(message_of(numbered_id(1), "body")));
  ::umask(before);
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, entry.is_directory() ? 0700U : 0600U) << entry.path();
    ++seen;
  }
  EXPECT_GE(seen, 8U);  // blobs, two levels, the blob, tmp, the index, its log and shared memory
  struct stat root {};
  ASSERT_EQ(::stat(path_.c_str(), &root), 0);
  EXPECT_EQ(root.st_mode & 0777, 0700U);
}

TEST_F(StoreTest, AnIndexOfANewerVersionIsLeftAlone) {
  open_vault().reset();
  SQLite::Database((path_ / "index.sqlite").string(), SQLite::OPEN_READWRITE)
      .exec("PRAGMA user_version = 99");
  const auto vault = open(options());
  ASSERT_FALSE(vault);
  EXPECT_EQ(vault.error().permanence, Permanence::permanent);
  EXPECT_THAT(vault.error().what, HasSubstr("newer"));
}

TEST_F(StoreTest, AnIndexThatIsNoneIsRefused) {
  std::filesystem::create_directories(path_);
  std::ofstream(path_ / "index.sqlite") << std::string(8192, 'x');
  const auto vault = open(options());
  ASSERT_FALSE(vault);
  EXPECT_THAT(vault.error().what, HasSubstr("index.sqlite"));
}

TEST_F(StoreTest, APlaceThatCannotBeIsRefused) {
  std::filesystem::create_directories(path_.parent_path());
  std::ofstream(path_) << "a file";
  for (const std::string& path : {std::string(), path_.string(), path_.string() + "/below"}) {
    VaultOptions chosen = options();
    chosen.path = path;
    const auto vault = open(chosen);
    ASSERT_FALSE(vault) << path;
    EXPECT_THAT(vault.error().what, StartsWith("vault: " + path));
  }
}

}  // namespace
}  // namespace postern::vault
