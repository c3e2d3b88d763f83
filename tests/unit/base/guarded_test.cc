// What is guarded is never seen half done, and what is published stays whole for who holds it.
// ThreadSanitizer is the better half of these tests.
#include "base/guarded.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace postern {
namespace {

TEST(Guarded, LosesNoUpdate) {
  Guarded<std::pair<int, int>> guarded(0, 0);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&guarded] {
      for (int n = 0; n < 2'000; ++n) {
        guarded.with([](auto& both) {
          EXPECT_EQ(both.first, both.second);
          ++both.first;
          ++both.second;
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto& const_guarded = guarded;
  EXPECT_EQ(const_guarded.with([](const auto& both) { return both.first; }), 16'000);
}

TEST(Guarded, IsUnlockedAgainAfterAnException) {
  Guarded<int> guarded(1);
  EXPECT_THROW(guarded.with([](int&) { throw std::runtime_error("x"); }), std::runtime_error);
  EXPECT_EQ(guarded.with([](int& value) { return value; }), 1);
}

TEST(Published, ReadersKeepWhatTheyTook) {
  Published<std::vector<int>> published;
  EXPECT_EQ(published.get(), nullptr);
  published.set(std::make_shared<const std::vector<int>>(3, 1));
  const auto kept = published.get();
  published.set(std::make_shared<const std::vector<int>>(4, 2));
  EXPECT_EQ(*kept, std::vector<int>(3, 1));
  EXPECT_EQ(*published.get(), std::vector<int>(4, 2));
}

TEST(Published, IsAlwaysWhole) {
  Published<std::vector<int>> published(std::make_shared<const std::vector<int>>(100, 0));
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      int last = 0;
      while (!done) {
        const auto values = published.get();
        ASSERT_EQ(*values, std::vector<int>(100, values->front()));
        ASSERT_GE(values->front(), last);
        last = values->front();
      }
    });
  }
  for (int i = 1; i <= 2'000; ++i) {
    published.set(std::make_shared<const std::vector<int>>(100, i));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

// The destructor of a large value must not hold up the readers: it runs outside the lock, which a
// value that asks for the lock itself would show by never returning.
TEST(Published, OldValueDiesOutsideTheLock) {
  struct Asking {
    Published<Asking>* published = nullptr;
    std::atomic<int>* deaths = nullptr;
    ~Asking() {
      if (published != nullptr) {
        published->get();
        ++*deaths;
      }
    }
  };
  std::atomic<int> deaths = 0;
  Published<Asking> published;
  auto first = std::make_shared<Asking>();
  first->published = &published;
  first->deaths = &deaths;
  published.set(std::move(first));
  published.set(nullptr);
  EXPECT_EQ(deaths, 1);
}

}  // namespace
}  // namespace postern
