// Purpose:   a real redis-server of the test's own, on a free loopback port, in a private directory.
// Ownership: starts and stops its process, by its pid.
// Threading: one thread.
// Failure:   throws std::runtime_error when the server does not come up: the test fails, it never skips.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/temp_dir.h"

namespace postern::test {

class RedisClient;

class RedisServer {
 public:
  explicit RedisServer(std::vector<std::string> options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string unix_socket() const { return directory_ / "redis.sock"; }
  const TempDir& directory() const { return directory_; }

  // For the next start.
  void add_options(const std::vector<std::string>& options);
  void start();
  void kill();  // SIGKILL: nothing is saved
  void signal(int number) const;

  // Over the test's own connection, as the default user: the answer as text, an array's elements
  // separated by spaces. Throws on an error reply.
  std::string operator()(const std::vector<std::string>& command);
  // Many at once; an error among the answers throws, otherwise they are not returned.
  void pipeline(const std::vector<std::vector<std::string>>& commands);
  // SET or DEL with the word in the change stream, in one MULTI, as every writer does it.
  void publish(const std::string& prefix, const std::string& key, const std::string& json);
  void remove(const std::string& prefix, const std::string& key);

 private:
  RedisClient& client();

  TempDir directory_;
  std::vector<std::string> options_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
  std::unique_ptr<RedisClient> client_;
};

}  // namespace postern::test
