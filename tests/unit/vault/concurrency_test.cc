// Many store, list and read at once; nothing is mixed up or lost.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

using ConcurrencyTest = VaultTest;

std::string body_of(unsigned number) {
  return "number " + std::to_string(number) + std::string(number * 37 % 9000, 'x');
}

TEST_F(ConcurrencyTest, SixtyFourThreadsStoreWhileOthersRead) {
  constexpr unsigned kWriters = 64;
  constexpr unsigned kEach = 6;
  const auto vault = open_vault();
  std::atomic<bool> done{false};
  std::atomic<unsigned> failures{0};

  std::vector<std::thread> writers;
  for (unsigned writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      for (unsigned i = 0; i < kEach; ++i) {
        const unsigned number = writer * kEach + i;
        const std::string body = body_of(number);
        // Ids that share directories, so that some are made by two threads at once.
        auto id = numbered_id(number);
        id.replace(0, 4, numbered_id(number % 7).substr(28));
        const Status stored =
            vault->store(message_of(id, body, {copy_for("a@got.com"), copy_for("b@got.com")}));
        if (!stored) ++failures;
      }
    });
  }
  std::vector<std::thread> readers;
  for (unsigned reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      while (!done) {
        const auto rows = vault->list({.recipient = "a@got.com", .limit = 20});
        if (!rows) {
          ++failures;
          continue;
        }
        for (const ports::VaultRow& row : *rows) {
          const auto body = vault->read(row.id);
          if (!body || body->size() != row.size) ++failures;
          if (!vault->release({row.row}, {"reader", clock_.wall()})) ++failures;
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  for (std::thread& reader : readers) reader.join();

  EXPECT_EQ(failures, 0U);
  expect_whole(*vault);
  EXPECT_EQ(vault->usage()->messages, kWriters * kEach);
  EXPECT_EQ(vault->usage()->rows, 2 * kWriters * kEach);
}

TEST_F(ConcurrencyTest, OfManyWithTheSameIdOneIsStored) {
  const auto vault = open_vault();
  std::atomic<unsigned> stored{0};
  std::atomic<unsigned> temporary{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const Status status = vault->store(message_of(numbered_id(1), "body"));
      if (status) {
        ++stored;
      } else if (status.error().permanence == Permanence::temporary) {
        ++temporary;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored, 1U);
  EXPECT_EQ(temporary, 0U);
  expect_whole(*vault);
}

}  // namespace
}  // namespace postern::vault
