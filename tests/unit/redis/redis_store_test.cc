// Documents and word of them, written in one MULTI: what a following daemon hears of it.
#include "adapters/redis/redis_store.h"

#include <gmock/gmock.h>

#include "fixture.h"

namespace postern::redis {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

class RedisStoreTest : public RedisTest {
 protected:
  RedisStore store(Login login = {}, const std::string& prefix = kPrefix) const {
    RedisStoreOptions chosen;
    chosen.address = options().address;
    chosen.prefix = prefix;
    chosen.login = std::move(login);
    chosen.patience = Milliseconds(5'000);
    return RedisStore(std::move(chosen));
  }
};

TEST_F(RedisStoreTest, AReaderThatFollowsHearsEachChangeWithoutReadingEverythingAgain) {
  RedisStore writer = store();
  ASSERT_TRUE(writer.write({{"domain:a.example", "1"}, {"domain:b.example", "2"}}).ok());
  start();
  ASSERT_TRUE(full_sets_reach(1));
  ASSERT_TRUE(writer
                  .write({{"domain:a.example", "one"},
                          {"domain:b.example", std::nullopt},
                          {"user:c@a.example", "3"}})
                  .ok());
  EXPECT_TRUE(becomes("domain:a.example", "one"));
  EXPECT_TRUE(becomes("user:c@a.example", "3"));
  EXPECT_TRUE(vanishes("domain:b.example"));
  EXPECT_EQ(sink_.heard().full_sets, 1U);
}

TEST_F(RedisStoreTest, ABatchIsOneEntryOfTheStreamThatNamesEveryKey) {
  RedisStore writer = store();
  ASSERT_TRUE(writer.write({{"domain:a.example", "1"}, {"user:b@a.example", std::nullopt}}).ok());
  EXPECT_EQ(server_({"XLEN", "postern:changes"}), "1");
  EXPECT_THAT(server_({"XRANGE", "postern:changes", "-", "+"}),
              HasSubstr("key domain:a.example key user:b@a.example"));
  ASSERT_TRUE(writer.write({}).ok());
  EXPECT_EQ(server_({"XLEN", "postern:changes"}), "1");
}

TEST_F(RedisStoreTest, WhatStandsThereIsListedAndReadOfOurPrefixAlone) {
  publish("domain:a.example", "1");
  publish("dkim:a.example", "2");
  server_({"SET", "others:domain:x", "3"});
  server_({"SET", "postern:somebody-elses", "4"});
  RedisStore reader = store();
  const auto keys = reader.keys();
  ASSERT_TRUE(keys.ok()) << keys.error().what;
  EXPECT_THAT(*keys, UnorderedElementsAre("domain:a.example", "dkim:a.example"));
  const auto texts = reader.read({"dkim:a.example", "domain:none.example"});
  ASSERT_TRUE(texts.ok()) << texts.error().what;
  EXPECT_THAT(*texts, ElementsAre(Pair("dkim:a.example", "2")));
  EXPECT_THAT(reader.describe(), AllOf(HasSubstr("redis 127.0.0.1:"), HasSubstr("postern:*")));
}

TEST_F(RedisStoreTest, AUserWhoMayNotWriteIsToldSoAndNothingIsWritten) {
  server_({"ACL", "SETUSER", "looker", "on", ">letmelook", "~postern:*", "-@all", "+multi", "+exec",
           "+get", "+xadd", "+ping"});
  RedisStore writer = store({"looker", Secret("letmelook")});
  const auto done = writer.write({{"domain:a.example", "1"}});
  ASSERT_FALSE(done.ok());
  EXPECT_THAT(done.error().what, AllOf(HasSubstr("SET"), HasSubstr("NOPERM")));
  EXPECT_EQ(server_({"EXISTS", "postern:domain:a.example", "postern:changes"}), "0");
  // Outside the prefix of a user who may write inside it: all or nothing as well.
  server_({"ACL", "SETUSER", "looker", "+set"});
  RedisStore elsewhere = store({"looker", Secret("letmelook")}, "others:");
  EXPECT_THAT(elsewhere.write({{"domain:a.example", "1"}}).error().what, HasSubstr("NOPERM"));
  EXPECT_EQ(server_({"EXISTS", "others:domain:a.example"}), "0");
}

TEST_F(RedisStoreTest, AServerThatIsAwayIsATemporaryErrorAndTheNextCallTriesAnew) {
  RedisStore writer = store({"", Secret("not-for-the-log")});
  EXPECT_THAT(writer.write({{"domain:a.example", "1"}}).error().what,
              AllOf(HasSubstr("AUTH"), Not(HasSubstr("not-for-the-log"))));
  RedisStore other = store();
  ASSERT_TRUE(other.write({{"domain:a.example", "1"}}).ok());
  server_.kill();
  const auto away = other.write({{"domain:a.example", "2"}});
  ASSERT_FALSE(away.ok());
  EXPECT_EQ(away.error().permanence, Permanence::temporary);
  server_.start();
  EXPECT_TRUE(other.write({{"domain:a.example", "3"}}).ok());
  EXPECT_EQ(server_({"GET", "postern:domain:a.example"}), "3");
}

TEST_F(RedisStoreTest, TheShippedWriterCanDoAllOfIt) {
  server_.kill();
  server_.add_options({"--include", POSTERN_SOURCE_DIR "/config/redis/postern.acl"});
  server_.start();
  RedisStore writer = store({"postern-writer", Secret("change-the-writer-password")});
  ASSERT_TRUE(writer.write({{"domain:a.example", "1"}, {"domain:b.example", std::nullopt}}).ok());
  EXPECT_THAT(*writer.keys(), ElementsAre("domain:a.example"));
  EXPECT_THAT(*writer.read({"domain:a.example"}), ElementsAre(Pair("domain:a.example", "1")));
}

}  // namespace
}  // namespace postern::redis
