// What is remembered of the DNS's answers, and for how long.
#include "adapters/dns/caching_resolver.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "support/manual_clock.h"

namespace postern {
namespace {

using ports::DnsAnswer;
using ports::DnsType;
using std::chrono::seconds;

class Counting final : public dns::TimedResolver {
 public:
  Result<dns::TimedAnswer> query_timed(const std::string& name, DnsType /*type*/,
                                       Deadline /*deadline*/) override {
    return asked_.with([&](auto& asked) -> Result<dns::TimedAnswer> {
      ++asked[name];
      if (fails) return temporary_error("no");
      dns::TimedAnswer timed;
      timed.ttl = ttl;
      timed.answer.status = status;
      if (status == DnsAnswer::Status::found) timed.answer.texts = {text};
      return timed;
    });
  }
  int asked(const std::string& name) {
    return asked_.with([&](auto& asked) { return asked[name]; });
  }

  bool fails = false;
  seconds ttl{100};
  DnsAnswer::Status status = DnsAnswer::Status::found;
  std::string text = "v=spf1 -all";

 private:
  Guarded<std::map<std::string, int>> asked_;
};

class Caching : public testing::Test {
 protected:
  Result<DnsAnswer> ask(const std::string& name, DnsType type = DnsType::txt) {
    return cache_.query(name, type, Deadline::after(seconds(60)));
  }
  dns::CacheOptions options() const {
    dns::CacheOptions options;
    options.most_entries = 3;
    options.most_bytes = 20'000;
    options.longest = seconds(1000);
    options.longest_negative = seconds(50);
    return options;
  }
  Counting behind_;
  test::ManualClock clock_;
  dns::CachingResolver cache_{behind_, clock_, options()};
};

TEST_F(Caching, AnAnswerIsAskedForOnceUntilItsTimeIsUp) {
  for (const char* const name : {"got.com", "GOT.com", "got.com"}) {
    EXPECT_EQ(ask(name)->texts.size(), 1U);
  }
  EXPECT_EQ(behind_.asked("got.com"), 1);
  clock_.advance(seconds(99));
  EXPECT_TRUE(ask("got.com").ok());
  EXPECT_EQ(behind_.asked("got.com"), 1);
  clock_.advance(seconds(1));
  EXPECT_TRUE(ask("got.com").ok());
  EXPECT_EQ(behind_.asked("got.com"), 2);
}

TEST_F(Caching, EachTypeIsAQuestionOfItsOwn) {
  EXPECT_TRUE(ask("got.com", DnsType::txt).ok());
  EXPECT_TRUE(ask("got.com", DnsType::mx).ok());
  EXPECT_EQ(behind_.asked("got.com"), 2);
}

TEST_F(Caching, LongAndNegativeAnswersAreKeptForLess) {
  behind_.ttl = seconds(100'000);
  EXPECT_TRUE(ask("long.example").ok());
  behind_.status = DnsAnswer::Status::no_domain;
  EXPECT_EQ(ask("none.example")->status, DnsAnswer::Status::no_domain);
  clock_.advance(seconds(49));
  EXPECT_EQ(ask("none.example")->status, DnsAnswer::Status::no_domain);
  EXPECT_EQ(behind_.asked("none.example"), 1);
  clock_.advance(seconds(1));
  EXPECT_TRUE(ask("none.example").ok());
  EXPECT_EQ(behind_.asked("none.example"), 2);
  clock_.advance(seconds(949));
  EXPECT_TRUE(ask("long.example").ok());
  EXPECT_EQ(behind_.asked("long.example"), 1);
  clock_.advance(seconds(1));
  EXPECT_TRUE(ask("long.example").ok());
  EXPECT_EQ(behind_.asked("long.example"), 2);
}

TEST_F(Caching, FailuresAndAnswersForOnceAreNotRemembered) {
  behind_.fails = true;
  EXPECT_FALSE(ask("got.com").ok());
  behind_.fails = false;
  behind_.ttl = seconds(0);
  EXPECT_TRUE(ask("got.com").ok());
  EXPECT_TRUE(ask("got.com").ok());
  EXPECT_EQ(behind_.asked("got.com"), 3);
}

TEST_F(Caching, TheLeastUsedMakesRoom) {
  for (const char* const name : {"a", "b", "c", "a", "d"}) EXPECT_TRUE(ask(name).ok());
  EXPECT_TRUE(ask("a").ok());
  EXPECT_EQ(behind_.asked("a"), 1);
  EXPECT_TRUE(ask("b").ok());
  EXPECT_EQ(behind_.asked("b"), 2);
}

TEST_F(Caching, LargeAnswersAreNotKeptBeyondTheBound) {
  behind_.text = std::string(30'000, 'a');
  EXPECT_TRUE(ask("huge.example").ok());
  EXPECT_TRUE(ask("huge.example").ok());
  EXPECT_EQ(behind_.asked("huge.example"), 2);
  behind_.text = std::string(12'000, 'a');
  EXPECT_TRUE(ask("large.example").ok());
  EXPECT_TRUE(ask("other.example").ok());  // two do not fit
  EXPECT_TRUE(ask("large.example").ok());
  EXPECT_EQ(behind_.asked("large.example"), 2);
}

TEST_F(Caching, ManyThreadsShareIt) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this] {
      for (int i = 0; i < 500; ++i) EXPECT_TRUE(ask(std::string(1, "abcdef"[i % 6])).ok());
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(ask("a").ok());
}

}  // namespace
}  // namespace postern
