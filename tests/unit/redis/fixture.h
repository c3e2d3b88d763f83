// A RedisSource that follows a real server, and what it says.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "adapters/redis/redis_source.h"
#include "support/eventually.h"
#include "support/policy_documents.h"
#include "support/recording_sink.h"
#include "support/redis_server.h"

namespace postern::redis {

inline const std::string kPrefix = "postern:";

class RedisTest : public testing::Test {
 protected:
  ~RedisTest() override { stop(); }

  RedisOptions options() const {
    RedisOptions chosen;
    chosen.address.host = "127.0.0.1";
    chosen.address.port = server_.port();
    chosen.patience = Milliseconds(2'000);
    chosen.retry_to = Milliseconds(100);
    return chosen;
  }
  void start() { start(options()); }
  void start(RedisOptions chosen) {
    stop();
    source_ = std::make_unique<RedisSource>(std::move(chosen));
    thread_ = std::jthread([this](std::stop_token stop) { source_->run(std::move(stop), sink_); });
  }
  void stop() { thread_ = {}; }

  void publish(const std::string& key, const std::string& json) {
    server_.publish(kPrefix, key, json);
  }
  void remove(const std::string& key) { server_.remove(kPrefix, key); }

  bool full_sets_reach(std::size_t count) const {
    return test::eventually(
        [&] { return sink_.ask([&](const auto& heard) { return heard.full_sets >= count; }); });
  }
  bool becomes(const std::string& key, const std::string& json) const {
    return test::eventually([&] { return sink_.has(key, json); });
  }
  bool vanishes(const std::string& key) const {
    return test::eventually([&] { return sink_.lacks(key); });
  }
  bool goes_away() const {
    return test::eventually(
        [&] { return sink_.ask([](const auto& heard) { return heard.away.has_value(); }); });
  }
  bool comes_back() const {
    return test::eventually([&] {
      return sink_.ask([](const auto& heard) { return !heard.away && heard.confirmations > 0; });
    });
  }
  std::string away() const { return sink_.heard().away.value_or(""); }

  test::RedisServer server_;
  test::RecordingSink sink_;
  std::unique_ptr<RedisSource> source_;
  std::jthread thread_;
};

}  // namespace postern::redis
