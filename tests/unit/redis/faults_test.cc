// A server that dies, hangs, comes back empty or as another one.
#include <gmock/gmock.h>

#include <csignal>

#include "fixture.h"

namespace postern::redis {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class RedisFaults : public RedisTest {
 protected:
  void load() {
    publish("domain:a.example", "1");
    start();
    ASSERT_TRUE(full_sets_reach(1));
  }
};

TEST_F(RedisFaults, AServerThatIsNotThereIsAwayNeverEmpty) {
  server_.kill();
  start();
  ASSERT_TRUE(goes_away());
  EXPECT_THAT(away(), HasSubstr("127.0.0.1:" + std::to_string(server_.port())));
  EXPECT_EQ(sink_.heard().full_sets, 0U);
  server_.start();
  publish("domain:a.example", "1");
  EXPECT_TRUE(becomes("domain:a.example", "1"));
  EXPECT_TRUE(comes_back());
}

TEST_F(RedisFaults, AKilledAndRestartedServerIsReadInFull) {
  load();
  server_.kill();
  ASSERT_TRUE(goes_away());
  EXPECT_TRUE(sink_.has("domain:a.example", "1"));
  server_.start();
  publish("domain:b.example", "2");
  EXPECT_TRUE(becomes("domain:b.example", "2"));
  EXPECT_TRUE(vanishes("domain:a.example"));  // it came back empty: the keeper's guard judges that
  EXPECT_GE(sink_.heard().full_sets, 2U);
}

TEST_F(RedisFaults, ALostConnectionToTheSameServerCostsOnlyWhatChanged) {
  load();
  server_({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  publish("domain:b.example", "2");
  EXPECT_TRUE(becomes("domain:b.example", "2"));
  EXPECT_EQ(sink_.heard().full_sets, 1U);
}

TEST_F(RedisFaults, AStoppedServerIsAwayAndThenBack) {
  load();
  server_.signal(SIGSTOP);
  ASSERT_TRUE(goes_away());
  EXPECT_THAT(away(), HasSubstr("no answer in time"));
  server_.signal(SIGCONT);
  ASSERT_TRUE(comes_back());
  publish("domain:b.example", "2");
  EXPECT_TRUE(becomes("domain:b.example", "2"));
  EXPECT_EQ(sink_.heard().full_sets, 1U);
}

TEST_F(RedisFaults, ASleepingServerIsAwayAndThenBack) {
  RedisOptions chosen = options();
  chosen.patience = Milliseconds(300);
  publish("domain:a.example", "1");
  start(chosen);
  ASSERT_TRUE(full_sets_reach(1));
  server_({"DEBUG", "SLEEP", "3"});
  ASSERT_TRUE(test::eventually([this] { return sink_.heard().confirmations > 1; }));
  publish("domain:b.example", "2");
  EXPECT_TRUE(becomes("domain:b.example", "2"));
  EXPECT_TRUE(comes_back());
}

TEST_F(RedisFaults, AHungServerDoesNotHoldUpAStop) {
  load();
  server_.signal(SIGSTOP);
  ASSERT_TRUE(goes_away());
  stop();  // hangs here, and fails by the test's own limit, if it does not return
  server_.signal(SIGCONT);
  SUCCEED();
}

TEST_F(RedisFaults, ALoadThatBreaksOffIsDroppedWhole) {
  std::vector<std::vector<std::string>> commands;
  for (int at = 0; at < 20'000; ++at) {
    commands.push_back({"SET", "postern:domain:d" + std::to_string(at) + ".example", "0"});
  }
  server_.pipeline(commands);
  start();
  // Cut it off again and again while it loads: whatever is told is the whole set.
  for (int round = 0; round < 20; ++round) {
    server_({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
    const auto heard = sink_.heard();
    if (heard.full_sets == 0) continue;
    EXPECT_EQ(heard.documents.size(), 20'000U);
  }
  ASSERT_TRUE(full_sets_reach(1));
  EXPECT_EQ(sink_.heard().documents.size(), 20'000U);
}

TEST_F(RedisFaults, AFailoverToAnotherServerIsReadInFull) {
  load();
  // The same address, another history, and a stream that is further on than ours.
  server_.kill();
  server_.start();
  server_.pipeline({{"SET", "postern:domain:other.example", "9"},
                    {"XADD", "postern:changes", "9999999999999-0", "key", "domain:other.example"}});
  EXPECT_TRUE(becomes("domain:other.example", "9"));
  EXPECT_TRUE(vanishes("domain:a.example"));
}

TEST_F(RedisFaults, AStreamOfTheWrongKindIsAwayWithItsReason) {
  server_({"SET", "postern:changes", "not a stream"});
  start();
  ASSERT_TRUE(goes_away());
  EXPECT_THAT(away(), HasSubstr("WRONGTYPE"));
  server_({"DEL", "postern:changes"});
  EXPECT_TRUE(comes_back());
}

TEST_F(RedisFaults, APasswordSetUnderOurFeetIsAway) {
  load();
  server_({"CONFIG", "SET", "requirepass", "s3cret-of-the-server"});
  server_({"AUTH", "s3cret-of-the-server"});
  server_({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  EXPECT_TRUE(test::eventually([this] { return away().find("NOAUTH") != std::string::npos; }));
  EXPECT_TRUE(sink_.has("domain:a.example", "1"));
  server_({"CONFIG", "SET", "requirepass", ""});
  EXPECT_TRUE(comes_back());
}

TEST_F(RedisFaults, AServerThatIsFullIsStillRead) {
  load();
  server_({"CONFIG", "SET", "maxmemory", "1"});
  server_({"CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"});
  const auto confirmations = sink_.heard().confirmations;
  EXPECT_TRUE(test::eventually(
      [&] { return sink_.heard().confirmations > confirmations && !sink_.heard().away; }));
}

TEST_F(RedisFaults, SomethingElseBehindTheAddressIsAway) {
  // A server that speaks, but not like this: its own unix socket path is no socket.
  RedisOptions chosen = options();
  chosen.address = ServerAddress::parse("unix:" + (server_.directory() / "redis.log")).value();
  start(chosen);
  ASSERT_TRUE(goes_away());
  EXPECT_THAT(away(), HasSubstr("redis.log"));
}

}  // namespace
}  // namespace postern::redis
