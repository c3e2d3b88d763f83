// The users in config/redis/postern.acl can do their work, and nothing else.
#include <gmock/gmock.h>

#include "fixture.h"

namespace postern::redis {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string kReaderPassword = "change-the-reader-password";
const std::string kWriterPassword = "change-the-writer-password";

class RedisAcl : public RedisTest {
 protected:
  RedisAcl() {
    server_.kill();
    server_.add_options({"--include", POSTERN_SOURCE_DIR "/config/redis/postern.acl"});
    server_.start();
  }
  RedisOptions as(const std::string& username, const std::string& password) const {
    RedisOptions chosen = options();
    chosen.login = {username, Secret(password)};
    return chosen;
  }
  // What the server says to a command of this user; "" when it does it.
  std::string refusal(const std::string& user, const std::string& password,
                      const std::vector<std::string>& command) {
    server_({"AUTH", user, password});
    std::string said;
    try {
      server_(command);
    } catch (const std::runtime_error& error) {
      said = error.what();
    }
    server_({"RESET"});
    return said;
  }
};

TEST_F(RedisAcl, TheReaderLoadsAndFollows) {
  publish("domain:a.example", "1");
  start(as("postern-reader", kReaderPassword));
  ASSERT_TRUE(full_sets_reach(1));
  publish("domain:a.example", "2");
  EXPECT_TRUE(becomes("domain:a.example", "2"));
  server_({"CLIENT", "KILL", "USER", "postern-reader"});
  publish("domain:a.example", "3");
  EXPECT_TRUE(becomes("domain:a.example", "3"));
  // INFO is among its commands: the same server is recognised and not read in full again.
  EXPECT_EQ(sink_.heard().full_sets, 1U);
}

TEST_F(RedisAcl, TheReaderCanDoNothingElse) {
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"SET", "postern:domain:a", "1"},
                                             {"DEL", "postern:domain:a"},
                                             {"XADD", "postern:changes", "*", "key", "x"},
                                             {"MGET", "others:key"},
                                             {"STRLEN", "others:key"},
                                             {"XREAD", "STREAMS", "others:stream", "0"},
                                             {"FLUSHALL"},
                                             {"KEYS", "*"},
                                             {"CONFIG", "GET", "*"},
                                             {"EVAL", "return 1", "0"},
                                             {"PUBLISH", "postern:changes", "x"}}) {
    EXPECT_THAT(refusal("postern-reader", kReaderPassword, command), HasSubstr("NOPERM"))
        << command.front();
  }
}

TEST_F(RedisAcl, TheWriterPublishesInsideThePrefixAlone) {
  start(as("postern-reader", kReaderPassword));
  ASSERT_TRUE(full_sets_reach(1));
  server_({"AUTH", "postern-writer", kWriterPassword});
  publish("domain:a.example", "1");
  EXPECT_TRUE(becomes("domain:a.example", "1"));
  remove("domain:a.example");
  EXPECT_TRUE(vanishes("domain:a.example"));
  server_({"RESET"});
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"SET", "others:key", "1"},
                                             {"DEL", "others:key"},
                                             {"XADD", "others:changes", "*", "key", "x"},
                                             {"FLUSHALL"},
                                             {"FLUSHDB"},
                                             {"CONFIG", "SET", "maxmemory", "1"},
                                             {"EVAL", "return 1", "0"}}) {
    EXPECT_THAT(refusal("postern-writer", kWriterPassword, command), HasSubstr("NOPERM"))
        << command.front();
  }
}

TEST_F(RedisAcl, AWrongPasswordIsAwayAndNeverRepeated) {
  start(as("postern-reader", "my-wr0ng-password"));
  ASSERT_TRUE(goes_away());
  EXPECT_THAT(away(), HasSubstr("WRONGPASS"));
  EXPECT_THAT(away(), Not(HasSubstr("my-wr0ng-password")));
  EXPECT_EQ(sink_.heard().full_sets, 0U);
}

TEST_F(RedisAcl, APasswordIsNotRepeatedByAServerThatDoesNotKnowTheCommand) {
  server_.kill();
  server_.add_options({"--rename-command", "AUTH", "SOMETHING-ELSE"});
  server_.start();
  start(as("postern-reader", kReaderPassword));
  ASSERT_TRUE(goes_away());
  EXPECT_THAT(away(), HasSubstr("AUTH"));
  EXPECT_THAT(away(), Not(HasSubstr(kReaderPassword)));
}

TEST_F(RedisAcl, APasswordAloneIsTheDefaultUsers) {
  publish("domain:a.example", "1");
  server_({"CONFIG", "SET", "requirepass", "of-the-default-user"});
  start(as("", "of-the-default-user"));
  EXPECT_TRUE(full_sets_reach(1));
}

TEST_F(RedisAcl, AUserWithoutInfoIsServedAllTheSame) {
  publish("domain:a.example", "1");
  server_({"ACL", "SETUSER", "postern-reader", "-info"});
  start(as("postern-reader", kReaderPassword));
  ASSERT_TRUE(full_sets_reach(1));
  publish("domain:a.example", "2");
  EXPECT_TRUE(becomes("domain:a.example", "2"));
}

}  // namespace
}  // namespace postern::redis
