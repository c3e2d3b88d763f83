// What policy.redis.url may say.
#include "adapters/redis/url.h"

#include <gtest/gtest.h>

namespace postern::redis {
namespace {

TEST(RedisUrl, IsUnderstood) {
  const std::pair<const char*, const char*> cases[] = {
      {"redis://127.0.0.1:6379/0", "127.0.0.1:6379/0"},
      {"redis://127.0.0.1", "127.0.0.1:6379/0"},
      {"redis://127.0.0.1/", "127.0.0.1:6379/0"},
      {"REDIS://redis.example:7000/3", "redis.example:7000/3"},
      {"redis://[::1]:6380/1", "[::1]:6380/1"},
      {"redis://[::1]", "[::1]:6379/0"},
      {"redis+unix:///run/redis/redis.sock", "unix:/run/redis/redis.sock/0"},
      {"redis+unix:///run/redis/redis.sock?db=4", "unix:/run/redis/redis.sock/4"},
      {"unix:/run/redis.sock", "unix:/run/redis.sock/0"},
      {"unix:///run/redis.sock", "unix:/run/redis.sock/0"},
  };
  for (const auto& [url, meaning] : cases) {
    const auto address = ServerAddress::parse(url);
    ASSERT_TRUE(address.ok()) << url << ": " << address.error().what;
    EXPECT_EQ(address->to_string(), meaning) << url;
  }
}

TEST(RedisUrl, IsRefusedWithoutRepeatingASecret) {
  for (const char* url : {"",
                          "127.0.0.1:6379",
                          "http://127.0.0.1",
                          "redis://",
                          "redis://:6379",
                          "redis://h:0",
                          "redis://h:65536",
                          "redis://h:x",
                          "redis://h:1:2",
                          "redis://h/x",
                          "redis://h/-1",
                          "redis://h/99999999999",
                          "redis://[::1",
                          "redis://[::1]x",
                          "redis+unix://relative",
                          "unix:relative",
                          "unix:/a?x=1",
                          "unix:/a?db=",
                          "redis://h h",
                          "rediss://h",
                          "redis://user:s3cret@h",
                          "redis://:s3cret@h:6379/0"}) {
    const auto address = ServerAddress::parse(url);
    ASSERT_FALSE(address.ok()) << url;
    EXPECT_EQ(address.error().what.find("s3cret"), std::string::npos);
  }
}

}  // namespace
}  // namespace postern::redis
