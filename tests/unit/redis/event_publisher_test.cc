// Events reach the stream, in order, whatever becomes of the server meanwhile; nobody waits for them.
#include "adapters/redis/event_publisher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "base/metrics.h"
#include "support/eventually.h"
#include "support/manual_clock.h"
#include "support/redis_server.h"
#include "support/scripted_server.h"

namespace postern::redis {
namespace {

using testing::HasSubstr;

class Events : public testing::Test {
 protected:
  EventPublisherOptions options() const {
    EventPublisherOptions chosen;
    chosen.address.host = "127.0.0.1";
    chosen.address.port = server_.port();
    chosen.patience = Milliseconds(1'000);
    chosen.retry_to = Milliseconds(100);
    return chosen;
  }
  static ports::Event event(const std::string& email) {
    return {"provision", {{"email", email}, {"domainId", "Eygdk"}}};
  }
  std::string stream() { return server_({"XRANGE", "postern:events", "-", "+"}); }
  bool length_becomes(const std::string& length) {
    return test::eventually([&] {
      try {
        return server_({"XLEN", "postern:events"}) == length;
      } catch (const std::runtime_error&) {
        return false;
      }
    });
  }

  test::RedisServer server_;
  const test::ManualClock clock_;
};

TEST_F(Events, AreFieldsWithTheirMembersAsJson) {
  EventPublisher publisher(options(), clock_);
  publisher.start();
  publisher.publish({"provision",
                     {{"email", "jon@got.com"},
                      {"count", std::int64_t{7}},
                      {"sure", true},
                      {"odd", "\xff\"\n"}}});
  ASSERT_TRUE(length_becomes("1"));
  // 2026-03-01 in milliseconds; what is not UTF-8 is replaced, and the object stays one line.
  EXPECT_THAT(stream(), HasSubstr("type provision time 1772323200000 data "
                                  "{\"email\":\"jon@got.com\",\"count\":7,\"sure\":true,"
                                  "\"odd\":\"\xef\xbf\xbd\\\"\\n\"}"));
}

TEST_F(Events, WaitForAServerThatIsAway) {
  EventPublisher publisher(options(), clock_);
  server_.kill();
  publisher.start();
  for (const char* const name : {"a@got.com", "b@got.com", "c@got.com"}) {
    publisher.publish(event(name));
  }
  server_.start();
  ASSERT_TRUE(length_becomes("3"));
  const std::string all = stream();
  EXPECT_LT(all.find("a@got.com"), all.find("b@got.com"));
  EXPECT_LT(all.find("b@got.com"), all.find("c@got.com"));
  server_.kill();
  server_.start();
  publisher.publish(event("d@got.com"));
  EXPECT_TRUE(test::eventually([&] { return stream().find("d@got.com") != std::string::npos; }));
}

TEST_F(Events, WaitForAServerThatRefuses) {
  server_({"SET", "postern:events", "no stream"});
  EventPublisher publisher(options(), clock_);
  publisher.start();
  publisher.publish(event("a@got.com"));
  ASSERT_TRUE(test::eventually([&] {
    return server_({"INFO", "errorstats"}).find("WRONGTYPE") != std::string::npos;
  }));
  server_({"DEL", "postern:events"});
  EXPECT_TRUE(length_becomes("1"));
}

TEST_F(Events, NeedTheRightToAddToTheirStreamAlone) {
  server_({"ACL", "SETUSER", "narrow", "on", ">secret", "resetkeys", "-@all", "+select",
           "(~postern:events -@all +xadd)"});
  EventPublisherOptions chosen = options();
  chosen.login = {"narrow", Secret("secret")};
  EventPublisher publisher(chosen, clock_);
  publisher.start();
  publisher.publish(event("a@got.com"));
  EXPECT_TRUE(length_becomes("1"));
}

TEST_F(Events, AreTrimmedInTheStream) {
  EventPublisherOptions chosen = options();
  chosen.stream_limit = 100;
  chosen.queue_limit = 100'000;
  EventPublisher publisher(chosen, clock_);
  for (int one = 0; one < 2'000; ++one) publisher.publish(event("x@got.com"));
  publisher.publish(event("last@got.com"));
  publisher.start();
  ASSERT_TRUE(test::eventually([&] {
    return server_({"XREVRANGE", "postern:events", "+", "-", "COUNT", "1"}).find("last@") !=
           std::string::npos;
  }));
  EXPECT_LT(std::stoi(server_({"XLEN", "postern:events"})), 1'000);
}

TEST_F(Events, AreDroppedAndCountedWhereTheQueueIsFull) {
  EventPublisherOptions chosen = options();
  chosen.queue_limit = 2;
  EventPublisher publisher(chosen, clock_);
  for (const char* const name : {"a@got.com", "b@got.com", "c@got.com"}) {
    publisher.publish(event(name));
  }
  EXPECT_THAT(metrics::render(), HasSubstr("postern_events_dropped_total 1"));
  publisher.start();
  ASSERT_TRUE(length_becomes("2"));
  EXPECT_EQ(stream().find("c@got.com"), std::string::npos);
}

TEST_F(Events, AreGivenALastTryAtTheEnd) {
  EventPublisher publisher(options(), clock_);
  publisher.start();
  for (int one = 0; one < 50; ++one) publisher.publish(event("x@got.com"));
  publisher.stop();
  EXPECT_EQ(server_({"XLEN", "postern:events"}), "50");
}

TEST_F(Events, DoNotKeepAStopWaitingForAServerThatHangs) {
  test::ScriptedServer hanging([](test::ScriptedServer::Connection& client) { client.hang(); });
  EventPublisherOptions chosen = options();
  chosen.address.port = hanging.port();
  chosen.patience = std::chrono::minutes(10);
  EventPublisher publisher(chosen, clock_);
  publisher.start();
  publisher.publish(event("a@got.com"));
  ASSERT_TRUE(test::eventually([&] { return hanging.connections() > 0; }));
  publisher.stop();  // or the test's time is up
  publisher.start();
  publisher.stop();
}

TEST_F(Events, ComeFromManyThreads) {
  EventPublisher publisher(options(), clock_);
  publisher.start();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int one = 0; one < 50; ++one) publisher.publish(event("x@got.com"));
      });
    }
  }
  EXPECT_TRUE(length_becomes("200"));
}

}  // namespace
}  // namespace postern::redis
