// What a start without the source can rely on.
#include <gmock/gmock.h>

#include <filesystem>

#include "fixture.h"
#include "support/policy_documents.h"

namespace postern::keeper {
namespace {

using test::domain_json;
using test::user_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CacheOfKeeper : public KeeperTest {
 protected:
  Documents cached() {
    stop();
    policy_cache::SqliteCache cache(cache_path_);
    Documents documents;
    auto set = cache.load();
    if (!set || !set.value()) return documents;
    for (const auto& one : set.value()->documents) documents[one.key] = one.json;
    return documents;
  }
};

TEST_F(CacheOfKeeper, IsInForceBeforeStartReturns) {
  start();
  full_set(domains(20));
  change("domain:x.example", domain_json("x.example"));
  change("domain:d3.example", kDeleted);
  const auto generation = snapshot()->generation();
  start();
  ASSERT_NE(snapshot(), nullptr);
  EXPECT_EQ(domain_count(), 20U);
  EXPECT_NE(domain("x.example"), nullptr);
  EXPECT_GT(snapshot()->generation(), generation);
  const auto status = keeper_->status();
  EXPECT_TRUE(status.from_cache);
  EXPECT_FALSE(status.last_contact.has_value());
  EXPECT_FALSE(status.cache_fault.has_value());
}

TEST_F(CacheOfKeeper, GenerationsIncreaseAcrossEveryRestart) {
  start();
  full_set(domains(2));
  std::uint64_t last = snapshot()->generation();
  for (int round = 0; round < 4; ++round) {
    start();
    EXPECT_GT(snapshot()->generation(), last);
    last = snapshot()->generation();
    full_set(domains(2));
    EXPECT_GE(snapshot()->generation(), last);
  }
  start("another source");
  full_set(domains(2));
  EXPECT_GT(snapshot()->generation(), last);
}

TEST_F(CacheOfKeeper, HoldsExactlyWhatIsInForce) {
  start();
  Documents set = domains(6);
  set["domain:bad.example"] = "{bad";
  full_set(set);
  changes({{"domain:d1.example", kDeleted},
           {"user:a@d0.example", user_json("a@d0.example")},
           {"domain:d2.example", "{worse"}});
  Documents expected = domains(6);
  expected.erase("domain:d1.example");
  expected["user:a@d0.example"] = user_json("a@d0.example");
  EXPECT_EQ(cached(), expected);
}

TEST_F(CacheOfKeeper, OfAnotherSourceIsNotUsed) {
  start("redis one");
  full_set(domains(5));
  start("redis two");
  EXPECT_EQ(snapshot(), nullptr);
  full_set(domains(1, 100));
  EXPECT_EQ(domain_count(), 1U);
  EXPECT_EQ(cached(), domains(1, 100));
}

TEST_F(CacheOfKeeper, ADamagedOneIsRefusedAndReplaced) {
  start();
  full_set(domains(5));
  stop();
  std::string bytes = test::read_file(cache_path_);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  bytes.resize(bytes.size() - 100);
  test::write_file(cache_path_, bytes);
  start();
  EXPECT_EQ(snapshot(), nullptr);
  EXPECT_TRUE(keeper_->status().cache_fault.has_value());
  full_set(domains(5));
  EXPECT_FALSE(keeper_->status().cache_fault.has_value());
  EXPECT_TRUE(std::filesystem::exists(cache_path_ + ".refused"));
  EXPECT_EQ(cached(), domains(5));
}

TEST_F(CacheOfKeeper, WhatNoLongerDecodesIsListedAndTheRestIsInForce) {
  {
    policy_cache::SqliteCache cache(cache_path_);
    ASSERT_TRUE(cache.reset("script").ok());
    ports::CacheUpdate update;
    update.generation = 41;
    update.put = {{"domain:a.example", domain_json("a.example")},
                  {"domain:b.example", "{of an older time"},
                  {"parrot:c", "{}"}};
    ASSERT_TRUE(cache.update(update).ok());
  }
  start();
  ASSERT_NE(snapshot(), nullptr);
  EXPECT_EQ(snapshot()->generation(), 42U);
  EXPECT_EQ(domain_count(), 1U);
  EXPECT_EQ(refused().size(), 2U);
  // The source decides in the end.
  full_set({{"domain:a.example", domain_json("a.example")},
            {"domain:b.example", domain_json("b.example")}});
  EXPECT_THAT(refused(), IsEmpty());
  EXPECT_EQ(domain_count(), 2U);
}

TEST_F(CacheOfKeeper, ThatCannotBeWrittenIsAnAlarmAndMailGoesOn) {
  std::filesystem::create_directories(cache_path_ + ".refused");  // nothing can be moved there
  test::write_file(cache_path_ + ".refused/in-the-way", "");
  test::write_file(cache_path_, "not a cache");
  start();
  full_set(domains(5));
  EXPECT_EQ(domain_count(), 5U);
  ASSERT_TRUE(keeper_->status().cache_fault.has_value());
  EXPECT_THAT(*keeper_->status().cache_fault, HasSubstr(cache_path_));
  change("domain:x.example", domain_json("x.example"));
  EXPECT_EQ(domain_count(), 6U);
  // Once it can be written again, a full set is asked for, and then everything is there.
  std::filesystem::remove_all(cache_path_ + ".refused");
  EXPECT_EQ(source_->requests(), 0U);
  clock_.advance(std::chrono::seconds(61));
  source_->say([](ports::PolicySink& sink) { sink.availability(std::nullopt); });
  ASSERT_EQ(source_->requests(), 1U);
  Documents set = domains(5);
  set["domain:x.example"] = domain_json("x.example");
  full_set(set);
  EXPECT_FALSE(keeper_->status().cache_fault.has_value());
  EXPECT_EQ(cached(), set);
}

TEST_F(CacheOfKeeper, MayBeAbsent) {
  with_cache_ = false;
  start();
  full_set(domains(2));
  EXPECT_EQ(domain_count(), 2U);
  EXPECT_FALSE(keeper_->status().cache_fault.has_value());
  EXPECT_FALSE(keeper_->document(*policy::DocumentKey::parse("domain:d1.example")).ok());
}

TEST_F(CacheOfKeeper, ShowsTheTextOfADocumentInForce) {
  start();
  const std::string text = R"( {"name": "a.example", "unknown": [1, 2]} )";
  full_set({{"domain:a.example", text}});
  EXPECT_EQ(keeper_->document(*policy::DocumentKey::parse("domain:A.example")).value(), text);
  EXPECT_EQ(keeper_->document(*policy::DocumentKey::parse("domain:b.example")).value(),
            std::nullopt);
  change("domain:a.example", "{bad");
  EXPECT_EQ(keeper_->document(*policy::DocumentKey::parse("domain:a.example")).value(), text);
}

}  // namespace
}  // namespace postern::keeper
