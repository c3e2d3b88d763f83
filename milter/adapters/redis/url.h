// Purpose:   where the Redis server is, from policy.redis.url.
// Threading: pure functions.
// Failure:   a permanent Error for another scheme, a bad port or database, and for a user or password
//            in the URL: they have settings of their own and would end up in logs here.
// Source:    policy.redis.url: redis://host[:port][/db], redis+unix:///path[?db=N], unix:/path
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::redis {

struct ServerAddress {
  std::string unix_path;  // not empty: a unix socket
  std::string host;
  std::uint16_t port = 6379;
  unsigned database = 0;

  static Result<ServerAddress> parse(std::string_view url);
  std::string to_string() const;  // "127.0.0.1:6379/0", "unix:/run/redis.sock/0"
};

}  // namespace postern::redis
