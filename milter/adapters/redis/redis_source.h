// Purpose:   policy documents from Redis: everything once, then what the change stream names; everything
//            again after a gap in the stream, another server behind the address, and now and then.
// Ownership: owns its connection.
// Threading: as PolicySource.
// Failure:   a server that is away, loading, refusing or silent is availability(why), without the
//            password; a load that fails half-way is dropped whole. The last position is kept, so that
//            a short absence costs only what changed meanwhile.
// Source:    policy.redis, policy.full_sync_every. Redis 6.2 and later, Valkey. The server's user needs
//            the commands in config/redis/postern.acl and nothing outside the prefix.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "adapters/redis/connection.h"
#include "adapters/redis/stream.h"
#include "adapters/redis/url.h"
#include "base/clock.h"
#include "base/wakeup.h"
#include "ports/policy_source.h"

namespace postern::redis {

struct RedisOptions {
  ServerAddress address;
  std::string prefix = "postern:";
  Login login;
  Milliseconds full_sync_every{3'600'000};  // 0: never
  Milliseconds patience{5'000};             // without any answer the server counts as away
  Milliseconds retry_from{50};
  Milliseconds retry_to{5'000};
};

class RedisSource final : public ports::PolicySource {
 public:
  explicit RedisSource(RedisOptions options);

  std::string describe() const override;
  void run(std::stop_token stop, ports::PolicySink& sink) override;
  void request_full_set() override;

 private:
  // Until something fails, which is what it answers.
  Error follow(const std::stop_token& stop, ports::PolicySink& sink);
  Status meet_server(Connection& connection);
  Status load_everything(Connection& connection, ports::PolicySink& sink);
  Status take_news(Connection& connection, ports::PolicySink& sink);
  Status send_changes(Connection& connection, const StreamNews& news, ports::PolicySink& sink);
  bool full_set_due();
  void want_full_set(const std::string& why);
  void ignore_keys(const std::vector<std::string>& names);

  const RedisOptions options_;
  const std::string stream_;
  Wakeup stopping_;
  std::atomic<bool> full_set_wanted_ = false;

  // Of run()'s thread alone.
  std::optional<StreamId> position_;  // nothing: everything has to be loaded
  std::string run_id_;
  SteadyTime last_full_set_;
  Milliseconds retry_;
  bool ignored_warned_ = false;
};

}  // namespace postern::redis
