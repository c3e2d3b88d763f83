// What the daemon hears of policies in Redis, from a real server.
#include <gmock/gmock.h>

#include "adapters/redis/documents.h"
#include "fixture.h"

namespace postern::redis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST_F(RedisTest, LoadsEverythingUnderItsPrefix) {
  publish("domain:got.com", "1");
  publish("user:joffrey@got.com", "2");
  server_({"SET", "domain:elsewhere", "no"});
  server_({"SET", "posternX:domain:elsewhere", "no"});
  server_({"XADD", "postern:events", "*", "a", "b"});
  server_({"SET", "postern:limit:x", "somebody's counter"});
  start();
  ASSERT_TRUE(full_sets_reach(1));
  EXPECT_EQ(sink_.heard().documents, (std::map<std::string, std::string>{
                                         {"domain:got.com", "1"}, {"user:joffrey@got.com", "2"}}));
  EXPECT_THAT(sink_.heard().unreadable, IsEmpty());
}

TEST_F(RedisTest, APrefixIsATextNotAPattern) {
  RedisOptions chosen = options();
  chosen.prefix = "p[a]*?\\:";
  server_({"SET", "p[a]*?\\:domain:mine", "1"});
  server_({"SET", "paXY\\:domain:not-mine", "2"});
  start(chosen);
  ASSERT_TRUE(full_sets_reach(1));
  EXPECT_EQ(sink_.heard().documents, (std::map<std::string, std::string>{{"domain:mine", "1"}}));
}

TEST_F(RedisTest, FollowsChangesAndDeletions) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  publish("domain:a.example", "2");
  EXPECT_TRUE(becomes("domain:a.example", "2"));
  publish("domain:b.example", "3");
  EXPECT_TRUE(becomes("domain:b.example", "3"));
  remove("domain:a.example");
  EXPECT_TRUE(vanishes("domain:a.example"));
  EXPECT_EQ(sink_.heard().full_sets, 1U);
  EXPECT_THAT(sink_.heard().position, testing::MatchesRegex("[0-9]+-[0-9]+"));
}

TEST_F(RedisTest, StartsBeforeTheFirstDocument) {
  start();
  ASSERT_TRUE(full_sets_reach(1));
  EXPECT_THAT(sink_.heard().documents, IsEmpty());
  publish("domain:a.example", "1");
  EXPECT_TRUE(becomes("domain:a.example", "1"));
  publish("domain:a.example", "2");
  EXPECT_TRUE(becomes("domain:a.example", "2"));
}

TEST_F(RedisTest, ABurstIsReadInFewSteps) {
  publish("domain:first.example", "0");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  std::vector<std::vector<std::string>> burst;
  constexpr int kChanges = 5'000;
  for (int at = 0; at < kChanges; ++at) {
    const std::string key = "user:u" + std::to_string(at % 500) + "@first.example";
    burst.push_back({"SET", kPrefix + key, std::to_string(at)});
    burst.push_back({"XADD", kPrefix + "changes", "*", "key", key});
  }
  server_.pipeline(burst);
  EXPECT_TRUE(becomes("user:u499@first.example", std::to_string(kChanges - 1)));
  EXPECT_LT(sink_.heard().changes, 1'000U);
  EXPECT_EQ(sink_.heard().full_sets, 1U);
}

TEST_F(RedisTest, ATrimmedStreamMakesItReadEverythingAgain) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  // In one transaction, so that it cannot be read in between: a change, and its word trimmed away.
  server_.pipeline({{"MULTI"},
                    {"SET", "postern:domain:lost.example", "2"},
                    {"XADD", "postern:changes", "*", "key", "domain:lost.example"},
                    {"XADD", "postern:changes", "*", "key", "domain:a.example"},
                    {"XTRIM", "postern:changes", "MAXLEN", "1"},
                    {"EXEC"}});
  EXPECT_TRUE(becomes("domain:lost.example", "2"));
  EXPECT_EQ(sink_.heard().full_sets, 2U);
  // And then it follows again.
  publish("domain:a.example", "3");
  EXPECT_TRUE(becomes("domain:a.example", "3"));
  EXPECT_EQ(sink_.heard().full_sets, 2U);
}

TEST_F(RedisTest, AStreamTrimmedToNothingIsAGapToo) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  server_.pipeline({{"MULTI"},
                    {"SET", "postern:domain:lost.example", "2"},
                    {"XADD", "postern:changes", "*", "key", "domain:lost.example"},
                    {"XTRIM", "postern:changes", "MAXLEN", "0"},
                    {"EXEC"}});
  EXPECT_TRUE(becomes("domain:lost.example", "2"));
}

TEST_F(RedisTest, AStreamThatIsTrimmedBehindUsIsNoGap) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  for (int at = 0; at < 20; ++at) {
    const std::string text = std::to_string(at);
    server_.pipeline({{"MULTI"},
                      {"SET", "postern:domain:a.example", text},
                      {"XADD", "postern:changes", "MAXLEN", "3", "*", "key", "domain:a.example"},
                      {"EXEC"}});
    ASSERT_TRUE(becomes("domain:a.example", text));
  }
  EXPECT_EQ(sink_.heard().full_sets, 1U);
}

TEST_F(RedisTest, AFlushedServerIsAnEmptySet) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  server_({"FLUSHALL"});
  ASSERT_TRUE(full_sets_reach(2));
  EXPECT_THAT(sink_.heard().documents, IsEmpty());
  EXPECT_THAT(sink_.heard().deleted,
              IsEmpty());  // the set says it, so that the guard judges it whole
}

TEST_F(RedisTest, AStreamThatWasRemovedAndBegunAnewIsAGap) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  server_.pipeline({{"MULTI"},
                    {"FLUSHALL"},
                    {"SET", "postern:domain:b.example", "2"},
                    {"XADD", "postern:changes", "*", "key", "domain:b.example"},
                    {"EXEC"}});
  EXPECT_TRUE(becomes("domain:b.example", "2"));
  EXPECT_TRUE(vanishes("domain:a.example"));
  EXPECT_EQ(sink_.heard().full_sets, 2U);
}

TEST_F(RedisTest, ValuesThatAreNoTextOrTooLargeAreUnreadableAlone) {
  publish("domain:a.example", "1");
  server_({"RPUSH", "postern:domain:list.example", "x"});
  server_({"SETRANGE", "postern:domain:big.example", std::to_string(kMaxValueSize), "x"});
  server_({"SETRANGE", "postern:domain:largest.example", std::to_string(kMaxValueSize - 1), "x"});
  start();
  ASSERT_TRUE(full_sets_reach(1));
  auto heard = sink_.heard();
  EXPECT_EQ(heard.documents.size(), 2U);
  EXPECT_EQ(heard.documents["domain:largest.example"].size(),
            static_cast<std::size_t>(kMaxValueSize));
  EXPECT_EQ(
      heard.unreadable,
      (std::map<std::pair<std::string, std::string>, std::string>{
          {{"domain:list.example", "redis key postern:domain:list.example"}, "not a string"},
          {{"domain:big.example", "redis key postern:domain:big.example"}, "larger than 16 MiB"}}));
  // The same in the stream: a document that becomes a list is no deletion.
  server_.pipeline({{"DEL", "postern:domain:a.example"},
                    {"RPUSH", "postern:domain:a.example", "x"},
                    {"XADD", "postern:changes", "*", "key", "domain:a.example"}});
  EXPECT_TRUE(test::eventually([this] { return sink_.heard().unreadable.size() == 3; }));
  EXPECT_TRUE(sink_.has("domain:a.example", "1"));
}

TEST_F(RedisTest, HostileWordsInTheStreamHarmNothing) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  const std::string huge(100'000, 'x');
  server_.pipeline(
      {{"XADD", "postern:changes", "*", "nokey", "x"},
       {"XADD", "postern:changes", "*", "key", ""},
       {"XADD", "postern:changes", "*", "key", "changes"},
       {"XADD", "postern:changes", "*", "key", "domain:" + huge},
       {"XADD", "postern:changes", "*", "key", std::string("domain:\0\r\n*3", 12)},
       {"XADD", "postern:changes", "*", "key", "postern:domain:a.example"},
       {"XADD", "postern:changes", "*", "key", "../../domain:a.example"},
       {"XADD", "postern:changes", "*", "a", "b", "key", "domain:x", "key", "domain:y"}});
  publish("domain:b.example", "2");
  EXPECT_TRUE(becomes("domain:b.example", "2"));
  const auto heard = sink_.heard();
  EXPECT_EQ(heard.full_sets, 1U);
  EXPECT_EQ(heard.documents.size(), 2U);
  EXPECT_FALSE(heard.away.has_value());
}

TEST_F(RedisTest, AnEntryTooLargeToReadIsPassedOver) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  // More than a reply may be, in entries of a size that Redis takes.
  const std::string large(std::size_t{20} << 20, 'x');
  server_.pipeline({{"MULTI"},
                    {"XADD", "postern:changes", "*", "junk", large},
                    {"XADD", "postern:changes", "*", "junk", large},
                    {"XADD", "postern:changes", "*", "junk", large},
                    {"XADD", "postern:changes", "*", "junk", large},
                    {"SET", "postern:domain:b.example", "2"},
                    {"EXEC"}});
  EXPECT_TRUE(becomes("domain:b.example", "2"));
  EXPECT_TRUE(comes_back());
}

TEST_F(RedisTest, AFullSetCanBeAskedFor) {
  publish("domain:a.example", "1");
  start();
  ASSERT_TRUE(full_sets_reach(1));
  server_({"SET", "postern:domain:b.example", "2"});  // a writer who forgot the stream
  source_->request_full_set();
  EXPECT_TRUE(becomes("domain:b.example", "2"));
}

TEST_F(RedisTest, ReconcilesNowAndThen) {
  publish("domain:a.example", "1");
  RedisOptions chosen = options();
  chosen.full_sync_every = Milliseconds(50);
  start(chosen);
  ASSERT_TRUE(full_sets_reach(1));
  server_({"SET", "postern:domain:b.example", "2"});
  EXPECT_TRUE(becomes("domain:b.example", "2"));
}

TEST_F(RedisTest, SpeaksThroughAUnixSocketAndChoosesADatabase) {
  server_.pipeline(
      {{"SELECT", "3"}, {"SET", "postern:domain:three.example", "3"}, {"SELECT", "0"}});
  RedisOptions chosen = options();
  chosen.address = ServerAddress::parse("redis+unix://" + server_.unix_socket() + "?db=3").value();
  start(chosen);
  ASSERT_TRUE(full_sets_reach(1));
  EXPECT_TRUE(sink_.has("domain:three.example", "3"));
  EXPECT_EQ(source_->describe(), "redis unix:" + server_.unix_socket() + "/3 postern:*");
}

TEST_F(RedisTest, LoadsAHundredThousandDocuments) {
  std::vector<std::vector<std::string>> commands;
  constexpr int kDocuments = 100'000;
  for (int at = 0; at < kDocuments; ++at) {
    const std::string name = "d" + std::to_string(at) + ".example";
    commands.push_back({"SET", "postern:domain:" + name, test::domain_json(name)});
  }
  server_.pipeline(commands);
  start();
  ASSERT_TRUE(full_sets_reach(1));
  EXPECT_TRUE(sink_.ask([](const auto& heard) { return heard.documents.size() == kDocuments; }));
  EXPECT_TRUE(sink_.has("domain:d99999.example", test::domain_json("d99999.example")));
}

TEST_F(RedisTest, WhatChangesDuringALoadIsNotLost) {
  std::vector<std::vector<std::string>> commands;
  for (int at = 0; at < 20'000; ++at) {
    commands.push_back({"SET", "postern:domain:d" + std::to_string(at) + ".example", "0"});
  }
  server_.pipeline(commands);
  publish("domain:d0.example", "0");
  start();
  // While it loads, and after.
  std::vector<std::vector<std::string>> changes;
  for (int at = 0; at < 2'000; ++at) {
    const std::string key = "domain:d" + std::to_string(at * 10) + ".example";
    changes.push_back({"SET", "postern:" + key, "1"});
    changes.push_back({"XADD", "postern:changes", "*", "key", key});
  }
  server_.pipeline(changes);
  EXPECT_TRUE(test::eventually([this] {
    return sink_.ask([](const auto& heard) {
      std::size_t changed = 0;
      for (const auto& [key, json] : heard.documents) changed += json == "1" ? 1U : 0U;
      return changed == 2'000U;
    });
  }));
}

}  // namespace
}  // namespace postern::redis
