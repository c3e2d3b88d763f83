// The count that all nodes share: exact while Redis answers, bounded while it does not.
#include "adapters/redis/sent_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/metrics.h"
#include "support/eventually.h"
#include "support/redis_server.h"

namespace postern::redis {
namespace {

using decide::SendingLimit;
using decide::SendingUse;
using testing::HasSubstr;

class Noted final : public ports::EventSink {
 public:
  void publish(ports::Event event) override {
    events_.with([&](auto& events) { events.push_back(std::move(event)); });
  }
  std::size_t count() const {
    return events_.with([](const auto& events) { return events.size(); });
  }

 private:
  Guarded<std::vector<ports::Event>> events_;
};

class SentCounts : public testing::Test {
 protected:
  // Patient enough for a busy machine: what is slow is not away.
  SentCounterOptions options(Milliseconds timeout = std::chrono::seconds(30)) const {
    SentCounterOptions chosen;
    chosen.address.emplace();
    chosen.address->host = "127.0.0.1";
    chosen.address->port = server_.port();
    chosen.timeout = timeout;
    chosen.retry_to = Milliseconds(100);
    return chosen;
  }
  std::unique_ptr<SentCounter> node(const SentCounterOptions& chosen) {
    auto counter = std::make_unique<SentCounter>(chosen, clock_, events_);
    counter->start();
    return counter;
  }
  bool becomes_shared(SentCounter& counter) {
    (void)counter.reserve({"probe@got.com", "p" + std::to_string(++ids_), 1, {1'000, {}}});
    return test::eventually([&] { return !counter.alone(); });
  }
  long counts(const std::string& account) {
    return std::stol(server_({"ZCARD", "postern:sent:m:" + account}));
  }
  static constexpr const char* kJon = "jon@got.com";
  ports::SendingRequest message(const decide::SendingCaps& caps, std::uint32_t recipients = 1) {
    return {kJon, "m" + std::to_string(++ids_), recipients, caps};
  }
  int granted(SentCounter& counter, int tries, const decide::SendingCaps& caps) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += counter.reserve(message(caps)).refused ? 0 : 1;
    return count;
  }

  test::RedisServer server_{{"--appendonly", "yes"}};
  const SystemClock clock_;
  Noted events_;
  std::atomic<int> ids_ = 0;
};

TEST_F(SentCounts, TwoNodesAndManyThreadsCountExactly) {
  const auto one = node(options());
  const auto other = node(options());
  ASSERT_TRUE(becomes_shared(*one) && becomes_shared(*other));
  std::atomic<int> all = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 32; ++i) {
      threads.emplace_back([&, i] {
        all += granted(i % 2 == 0 ? *one : *other, 50, {1'000, std::nullopt});
      });
    }
  }
  EXPECT_EQ(all, 1'000);
  EXPECT_EQ(counts(kJon), 1'000);
  EXPECT_EQ(granted(*one, 1, {1'000, std::nullopt}), 0);
  EXPECT_TRUE(one->is_full(kJon, {1'000, std::nullopt}));
  // A limit that was raised meanwhile is asked for; one that was lowered is as full.
  EXPECT_FALSE(one->is_full(kJon, {1'001, std::nullopt}));
  EXPECT_TRUE(one->is_full(kJon, {900, std::nullopt}));
  EXPECT_FALSE(one->is_full("arya@got.com", {1'000, std::nullopt}));
  // Each node says it once, however many tried on.
  EXPECT_GE(events_.count(), 1U);
  EXPECT_LE(events_.count(), 2U);
}

TEST_F(SentCounts, TheWindowSlides) {
  auto chosen = options();
  chosen.window = Milliseconds(3'000);
  const auto counter = node(chosen);
  ASSERT_TRUE(becomes_shared(*counter));
  // Not all at once: each leaves the window when its own time has come.
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(granted(*counter, 3, {3, std::nullopt}), 3);
  int next = 0;
  EXPECT_TRUE(test::eventually([&] {
    next = granted(*counter, 1, {3, std::nullopt});
    return next == 1;
  }));
  EXPECT_GE(std::chrono::steady_clock::now() - began, Milliseconds(3'000) - Milliseconds(1));
  EXPECT_LE(counts(kJon), 3);
}

TEST_F(SentCounts, RecipientsAreALimitOfTheirOwn) {
  const auto counter = node(options());
  ASSERT_TRUE(becomes_shared(*counter));
  const decide::SendingCaps caps{std::nullopt, 100};
  EXPECT_EQ(counter->reserve(message(caps, 60)).refused, std::nullopt);
  EXPECT_EQ(counter->reserve(message(caps, 41)).refused, SendingLimit::recipients);
  const auto last = counter->reserve(message(caps, 40));
  EXPECT_EQ(last.refused, std::nullopt);
  EXPECT_EQ(last.use, (SendingUse{2, 100}));
  EXPECT_EQ(counter->last_known(kJon), (SendingUse{2, 100}));
}

TEST_F(SentCounts, AMessageCountsOnceAndNotAtAllWhereItWasNotSent) {
  const auto counter = node(options());
  ASSERT_TRUE(becomes_shared(*counter));
  const auto one = message({2, std::nullopt}, 7);
  EXPECT_EQ(counter->reserve(one).use, (SendingUse{1, 7}));
  EXPECT_EQ(counter->reserve(one).use, (SendingUse{1, 7}));
  const auto second = message({2, std::nullopt}, 5);
  EXPECT_EQ(counter->reserve(second).use, (SendingUse{2, 12}));
  EXPECT_EQ(counter->reserve(message({2, std::nullopt})).refused, SendingLimit::messages);
  counter->release(second);
  EXPECT_FALSE(counter->is_full(kJon, {2, std::nullopt}));
  ASSERT_TRUE(test::eventually([&] { return counts(kJon) == 1; }));
  EXPECT_EQ(server_({"GET", "postern:sent:r:jon@got.com"}), "7");
  EXPECT_EQ(counter->reserve(message({2, std::nullopt}, 3)).use, (SendingUse{2, 10}));
}

TEST_F(SentCounts, ReportNamesEverybody) {
  const auto counter = node(options());
  ASSERT_TRUE(becomes_shared(*counter));
  EXPECT_EQ(granted(*counter, 4, {9, std::nullopt}), 4);
  const auto report = counter->report();
  EXPECT_EQ(report.alone, std::nullopt);
  const auto found = std::find_if(report.accounts.begin(), report.accounts.end(),
                                  [](const auto& one) { return one.account == kJon; });
  ASSERT_NE(found, report.accounts.end());
  EXPECT_EQ(found->use, (SendingUse{4, 4}));
}

TEST_F(SentCounts, AStoppedServerCostsNoMoreThanTheShareAndHearsOfIt) {
  const decide::SendingCaps caps{200, std::nullopt};
  const auto one = node(options(Milliseconds(4'000)));
  const auto other = node(options(Milliseconds(4'000)));
  ASSERT_TRUE(becomes_shared(*one) && becomes_shared(*other));
  int all = granted(*one, 40, caps);
  server_.signal(SIGSTOP);
  std::atomic<int> alone = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
      threads.emplace_back([&, i] { alone += granted(i % 2 == 0 ? *one : *other, 60, caps); });
    }
  }
  // A tenth of 200 on each node; nobody waits for a server that was found away.
  EXPECT_EQ(alone, 40);
  all += alone;
  EXPECT_THAT(one->report().alone.value_or(""), HasSubstr("no answer in time"));
  server_.signal(SIGCONT);
  // Neither more nor less: what was asked while it stood still, and refused then, does not count.
  ASSERT_TRUE(becomes_shared(*one) && becomes_shared(*other));
  EXPECT_TRUE(test::eventually([&] { return counts(kJon) == all; })) << counts(kJon) << " " << all;
  all += granted(*one, 300, caps);
  EXPECT_EQ(all, 200);
}

TEST_F(SentCounts, AKilledServerCostsNoMoreThanTheShare) {
  const decide::SendingCaps caps{100, std::nullopt};
  const auto one = node(options());
  const auto other = node(options());
  ASSERT_TRUE(becomes_shared(*one) && becomes_shared(*other));
  EXPECT_EQ(granted(*one, 95, caps), 95);
  server_.kill();
  // The one node knows that five are left; the other knows nothing and spends its tenth.
  EXPECT_EQ(granted(*one, 50, caps), 5);
  EXPECT_EQ(granted(*other, 50, caps), 10);
  server_.start();
  ASSERT_TRUE(becomes_shared(*one) && becomes_shared(*other));
  EXPECT_TRUE(test::eventually([&] { return counts(kJon) == 110; })) << counts(kJon);
  EXPECT_EQ(granted(*one, 5, caps) + granted(*other, 5, caps), 0);
}

double told_so_far() {
  constexpr std::string_view kName = "\npostern_sending_reported_total ";
  const std::string all = metrics::render();
  const std::size_t at = all.find(kName);
  return at == std::string::npos ? 0 : std::stod(all.substr(at + kName.size()));
}

TEST_F(SentCounts, WhatIsTakenBackWhileTheServerIsAwayIsNotKeptForIt) {
  const decide::SendingCaps caps{1'000, std::nullopt};
  const auto counter = node(options());
  ASSERT_TRUE(becomes_shared(*counter));
  server_.kill();
  for (int i = 0; i < 500; ++i) {
    const auto refused_later = message(caps);
    ASSERT_EQ(counter->reserve(refused_later).refused, std::nullopt) << i;
    counter->release(refused_later);
  }
  EXPECT_EQ(granted(*counter, 3, caps), 3);
  const double before = told_so_far();
  server_.start();
  ASSERT_TRUE(becomes_shared(*counter));
  EXPECT_TRUE(test::eventually([&] { return counts(kJon) == 3; })) << counts(kJon);
  // The three, who asked whether the server is back, and the one that was on its way when it went.
  EXPECT_LT(told_so_far() - before, 100);
}

TEST_F(SentCounts, AServerThatRefusesIsAway) {
  server_({"ACL", "SETUSER", "poor", "on", ">poor", "~postern:*", "+ping", "+select"});
  auto chosen = options();
  chosen.login = {"poor", Secret("poor")};
  const auto counter = node(chosen);
  EXPECT_EQ(granted(*counter, 50, {100, std::nullopt}), 10);
  EXPECT_THAT(counter->report().alone.value_or(""), HasSubstr("NOPERM"));
  EXPECT_EQ(counts(kJon), 0);
}

TEST_F(SentCounts, WithoutAServerThisNodeCountsTheWholeLimit) {
  SentCounterOptions chosen;
  const auto counter = node(chosen);
  EXPECT_EQ(granted(*counter, 150, {100, std::nullopt}), 100);
  const auto report = counter->report();
  EXPECT_TRUE(report.alone.has_value());
  ASSERT_EQ(report.accounts.size(), 1U);
  EXPECT_EQ(report.accounts.front().use.messages, 100U);
}

TEST_F(SentCounts, TheDaemonsUserMayCount) {
  // As the shipped file has the two: the line, and what is to be appended to it.
  std::ifstream file(POSTERN_SOURCE_DIR "/config/redis/postern.acl");
  std::vector<std::string> words{"ACL", "SETUSER"};
  std::string counting;
  for (std::string line; std::getline(file, line);) {
    if (const auto at = line.find("`(resetkeys ~postern:sent:"); at != std::string::npos) {
      counting = line.substr(at + 1, line.find(')') - at);
    }
    if (!line.starts_with("user postern-reader ")) continue;
    std::istringstream rest(line.substr(5));
    for (std::string word; rest >> word;) words.push_back(word);
  }
  words.push_back(counting);
  server_(words);
  auto chosen = options();
  chosen.login = {"postern-reader", Secret("change-the-reader-password")};
  const auto counter = node(chosen);
  EXPECT_TRUE(becomes_shared(*counter)) << counter->report().alone.value_or("");
  counter->release(message({10, std::nullopt}));
  EXPECT_EQ(granted(*counter, 12, {10, std::nullopt}), 10);
  EXPECT_EQ(counter->report().alone, std::nullopt);
  // Through a script it reaches no document either.
  server_({"AUTH", "postern-reader", "change-the-reader-password"});
  for (const char* const script : {"return redis.call('PEXPIRE', 'postern:domain:a', 1)",
                                   "return redis.call('DEL', 'postern:sent:m:a')",
                                   "return redis.call('SET', 'postern:sent:m:a', 1)"}) {
    EXPECT_THROW(server_({"EVAL", script, "0"}), std::runtime_error) << script;
  }
}

}  // namespace
}  // namespace postern::redis
