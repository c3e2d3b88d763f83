// Messages are compressed where that wins something, come back as they were, and never grow beyond what
// the index says of them.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "adapters/vault/blob_codec.h"
#include "adapters/vault/digest.h"
#include "adapters/vault/schema.h"
#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

using testing::HasSubstr;

std::string file_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Codec, WhatShrinksIsCompressedAndComesBack) {
  for (const std::size_t size : {200U, 5'000U, 3'000'000U}) {
    const std::string bytes(size, 'a');
    const Packed packed = pack(bytes);
    ASSERT_EQ(packed.format, BlobFormat::zstd) << size;
    EXPECT_LT(packed.compressed.size(), size / 2);
    const auto back = unpack(packed.format, packed.compressed, size);
    ASSERT_TRUE(back) << back.error().what;
    EXPECT_EQ(*back, bytes);
  }
}

TEST(Codec, WhatDoesNotShrinkStaysAsItIs) {
  for (const std::string& bytes :
       {std::string(), std::string("a"), std::string("Subject: x\r\n\r\n"), noise(100'000)}) {
    EXPECT_EQ(pack(bytes).format, BlobFormat::plain) << bytes.size();
    EXPECT_EQ(*unpack(BlobFormat::plain, bytes, bytes.size()), bytes);
  }
}

TEST(Codec, NothingIsMadeBeyondTheSizeThatIsKnown) {
  const std::string bytes(10'000'000, 'a');
  const Packed bomb = pack(bytes);
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{100}, std::uint64_t{9'999'999},
                                   std::uint64_t{10'000'001}}) {
    EXPECT_FALSE(unpack(BlobFormat::zstd, bomb.compressed, size)) << size;
  }
  // Two frames in a row: the first one's header promises what is known, the second would go beyond.
  EXPECT_FALSE(unpack(BlobFormat::zstd, bomb.compressed + bomb.compressed, bytes.size()));
  EXPECT_FALSE(unpack(BlobFormat::zstd, bomb.compressed.substr(0, bomb.compressed.size() / 2),
                      bytes.size()));
  EXPECT_FALSE(unpack(BlobFormat::zstd, noise(1000), 1000));
  EXPECT_FALSE(unpack(BlobFormat::zstd, "", 0));
  EXPECT_FALSE(unpack(BlobFormat::plain, "abc", 4));
}

TEST(Codec, AFlippedBitNeverMakesAnotherMessageOfTheRightSizeUnnoticedByTheDigest) {
  const std::string bytes = "Subject: x\r\n\r\n" + std::string(2000, 'a') + "\r\n";
  const Packed packed = pack(bytes);
  ASSERT_EQ(packed.format, BlobFormat::zstd);
  const std::string digest = sha256(bytes);
  for (std::size_t bit = 0; bit < packed.compressed.size() * 8; ++bit) {
    std::string flipped = packed.compressed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    const auto back = unpack(packed.format, flipped, bytes.size());
    if (back && sha256(*back) == digest) {
      EXPECT_EQ(*back, bytes);
    }
  }
}

using CompressedVault = VaultTest;

TEST_F(CompressedVault, UsageCountsWhatTheFilesTakeAndSizeIsTheMessages) {
  const std::string bytes(100'000, 'a');
  const auto vault = open_vault();
  ASSERT_TRUE(vault->store(message_of(numbered_id(1), bytes)));
  const std::string stored = file_of(blob_path(numbered_id(1)));
  EXPECT_LT(stored.size(), 1000U);
  EXPECT_EQ(*vault->read(numbered_id(1)), bytes);
  EXPECT_EQ(vault->list({})->at(0).size, bytes.size());
  EXPECT_EQ(vault->list({})->at(0).stored_size, stored.size());
  EXPECT_EQ(vault->usage()->bytes, stored.size());
  expect_whole(*vault);
}

// A vault as the version before left it: schema 2, files as they came.
TEST_F(CompressedVault, WhatWasStoredBeforeStaysReadable) {
  const std::string id = numbered_id(1);
  const std::string bytes = "Subject: old\r\n\r\n" + std::string(5000, 'b') + "\r\n";
  std::filesystem::create_directories(blob_path(id).parent_path());
  std::ofstream(blob_path(id), std::ios::binary) << bytes;
  {
    SQLite::Database database((path_ / "index.sqlite").string(),
                              SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    database.exec("PRAGMA journal_mode = WAL");
    database.exec(kSchema);
    database.exec(kOutboxSchema);
    SQLite::Statement message(
        database,
        "INSERT INTO message VALUES (?,?,?,'plain','s@example.net','192.0.2.7',"
        "'helo','4F','old',NULL,'',0,0,7,1000,1000)");
    const std::string digest = sha256(bytes);
    message.bind(1, id);
    message.bind(2, digest.data(), static_cast<int>(digest.size()));
    message.bind(3, static_cast<std::int64_t>(bytes.size()));
    message.exec();
    SQLite::Statement copy(
        database,
        "INSERT INTO copy (id, recipient, domain, purpose, mail_class, reason,"
        " duration, received, expires)"
        " VALUES (?,'a@got.com','got.com','quarantine','spam','x',30,1000,NULL)");
    copy.bind(1, id);
    copy.exec();
    database.exec("PRAGMA user_version = 2");
  }
  for (int round = 0; round < 2; ++round) {
    const auto vault = open_vault();
    const auto read = vault->read(id);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(*read, bytes);
    EXPECT_EQ(vault->usage()->bytes,
              bytes.size() + (round == 0 ? 0 : file_of(blob_path(numbered_id(2))).size()));
    EXPECT_EQ(vault->list({.id = id})->at(0).stored_size, bytes.size());
    expect_whole(*vault);
    if (round == 0) {
      ASSERT_TRUE(vault->store(message_of(numbered_id(2), bytes)));
      EXPECT_LT(file_of(blob_path(numbered_id(2))).size(), bytes.size() / 2);
    }
  }
}

}  // namespace
}  // namespace postern::vault
