// From a real server through the keeper into force.
#include <gmock/gmock.h>

#include "adapters/policy_cache/sqlite_cache.h"
#include "fixture.h"
#include "keeper/keeper.h"

namespace postern::redis {
namespace {

using test::domain_json;
using test::eventually;
using testing::HasSubstr;

class RedisToSnapshot : public RedisTest {
 protected:
  ~RedisToSnapshot() override { keeper_.reset(); }

  void keep() {
    keeper_.reset();
    published_.set(nullptr);
    cache_ = std::make_unique<policy_cache::SqliteCache>(temp_ / "policy.cache");
    source_ = std::make_unique<RedisSource>(options());
    keeper_ = std::make_unique<keeper::Keeper>(*source_, cache_.get(), published_, clock_,
                                               keeper::KeeperOptions{});
    keeper_->start();
  }
  void publish_domains(int count) {
    for (int at = 0; at < count; ++at) {
      const std::string name = "d" + std::to_string(at) + ".example";
      publish("domain:" + name, domain_json(name));
    }
  }
  bool domains_become(std::size_t count) const {
    return eventually([&] {
      const auto now = published_.get();
      return now && now->count(policy::DocumentType::domain) == count;
    });
  }
  bool is_held() const {
    return eventually([&] { return keeper_->status().shrink_held.has_value(); });
  }

  test::TempDir temp_;
  SystemClock clock_;
  Published<policy::Snapshot> published_;
  std::unique_ptr<policy_cache::SqliteCache> cache_;
  std::unique_ptr<keeper::Keeper> keeper_;
};

TEST_F(RedisToSnapshot, AChangeIsInForceWithoutARestart) {
  publish_domains(5);
  keep();
  ASSERT_TRUE(domains_become(5));
  publish("domain:new.example", domain_json("new.example"));
  EXPECT_TRUE(domains_become(6));
  remove("domain:new.example");
  EXPECT_TRUE(domains_become(5));
}

TEST_F(RedisToSnapshot, AServerThatComesBackEmptyChangesNothingUntilAccepted) {
  publish_domains(10);
  keep();
  ASSERT_TRUE(domains_become(10));
  server_.kill();
  server_.start();
  ASSERT_TRUE(is_held());
  EXPECT_EQ(published_.get()->count(policy::DocumentType::domain), 10U);
  keeper_->accept();
  EXPECT_TRUE(domains_become(0));
  EXPECT_TRUE(published_.get()->usable());
}

TEST_F(RedisToSnapshot, AFlushedServerChangesNothingUntilItIsFilledAgain) {
  publish_domains(10);
  keep();
  ASSERT_TRUE(domains_become(10));
  server_({"FLUSHALL"});
  ASSERT_TRUE(is_held());
  EXPECT_EQ(published_.get()->count(policy::DocumentType::domain), 10U);
  publish_domains(10);
  publish("domain:new.example", domain_json("new.example"));
  EXPECT_TRUE(domains_become(11));
  EXPECT_TRUE(eventually([&] { return !keeper_->status().shrink_held; }));
}

TEST_F(RedisToSnapshot, StartsFromTheCacheWhileTheServerIsAway) {
  publish_domains(10);
  keep();
  ASSERT_TRUE(domains_become(10));
  keeper_.reset();
  server_.kill();
  keep();
  ASSERT_NE(published_.get(), nullptr);
  EXPECT_EQ(published_.get()->count(policy::DocumentType::domain), 10U);
  EXPECT_TRUE(eventually([&] { return keeper_->status().source_away.has_value(); }));
  EXPECT_TRUE(keeper_->status().from_cache);
}

TEST_F(RedisToSnapshot, ABadDocumentIsRefusedAloneAndListed) {
  publish_domains(3);
  keep();
  ASSERT_TRUE(domains_become(3));
  publish("domain:d1.example", "{bad");
  ASSERT_TRUE(eventually([&] { return keeper_->status().refused.size() == 1; }));
  EXPECT_EQ(keeper_->status().refused[0].origin, "redis key postern:domain:d1.example");
  EXPECT_NE(published_.get()->domain("d1.example"), nullptr);
}

}  // namespace
}  // namespace postern::redis
