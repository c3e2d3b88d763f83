// What a user can rely on: a message is clean only if clamd has read all of it and said so.
#include "adapters/clamd/clamd_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <future>

#include "support/scripted_server.h"

namespace postern::clamd {
namespace {

using test::ScriptedServer;
using testing::HasSubstr;
using testing::StartsWith;
using Connection = ScriptedServer::Connection;

// The end of every message the tests send, and of the stream.
const std::string kEndOfStream = "Winter is coming.\r\n" + std::string(4, '\0');

mail::Message message(std::size_t size = 0) {
  mail::Message made;
  made.add_header("Subject", " hello");
  made.set_body(std::string(size, 'x') + "Winter is coming.\r\n");
  return made;
}

ClamdConfig config_for(std::uint16_t port) {
  ClamdConfig config;
  config.endpoint.host = "127.0.0.1";
  config.endpoint.port = port;
  return config;
}

Deadline soon() { return Deadline::after(Milliseconds(300)); }
Deadline in_a_while() { return Deadline::after(Milliseconds(30'000)); }

Result<std::string> scan_answered_with(const std::string& answer) {
  ScriptedServer server([&answer](Connection& client) {
    client.read_until(kEndOfStream);
    client.send(answer);
  });
  return ClamdScanner(config_for(server.port())).scan(message(), in_a_while());
}

// The pieces of a stream put together; what is no stream is told.
std::string joined(std::string_view stream) {
  const std::string command("zINSTREAM\0", 10);
  if (!stream.starts_with(command)) return "no command";
  stream.remove_prefix(command.size());
  std::string bytes;
  while (stream.size() >= 4) {
    std::uint32_t size = 0;
    for (int octet = 0; octet < 4; ++octet) {
      size = size << 8U | static_cast<unsigned char>(stream[static_cast<std::size_t>(octet)]);
    }
    stream.remove_prefix(4);
    if (size == 0) return stream.empty() ? bytes : "something after the end";
    if (stream.size() < size) return "a piece is cut off";
    bytes += stream.substr(0, size);
    stream.remove_prefix(size);
  }
  return "no end";
}

TEST(Clamd, SendsTheMessageByteForByte) {
  for (const std::size_t size : {0U, 1U, 300'000U}) {
    std::promise<std::string> seen;
    ScriptedServer server([&seen](Connection& client) {
      seen.set_value(client.read_until(kEndOfStream));
      client.send(std::string("stream: OK\0", 11));
    });
    const auto virus = ClamdScanner(config_for(server.port())).scan(message(size), in_a_while());
    ASSERT_TRUE(virus) << virus.error().what;
    EXPECT_EQ(*virus, "");
    EXPECT_EQ(joined(seen.get_future().get()), message(size).to_bytes());
  }
}

TEST(Clamd, IsNamedAfterItsEndpoint) {
  EXPECT_EQ(ClamdScanner(config_for(3310)).name(), "clamd 127.0.0.1:3310");
  ClamdConfig config;
  config.endpoint = *net::Endpoint::parse("unix:/run/clamav/clamd.ctl");
  EXPECT_EQ(ClamdScanner(config).name(), "clamd /run/clamav/clamd.ctl");
}

struct Answer {
  std::string text;
  std::string virus;
};

class Understood : public testing::TestWithParam<Answer> {};

TEST_P(Understood, GivesTheVirus) {
  const auto virus = scan_answered_with(GetParam().text + '\0');
  ASSERT_TRUE(virus) << virus.error().what;
  EXPECT_EQ(*virus, GetParam().virus);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Understood,
    testing::Values(Answer{"stream: OK", ""},
                    Answer{"stream: Eicar-Signature FOUND", "Eicar-Signature"},
                    Answer{"stream: Win.Test.EICAR_HDB-1(44d88612fea8a8f36de82e12:68) FOUND",
                           "Win.Test.EICAR_HDB-1(44d88612fea8a8f36de82e12:68)"},
                    Answer{"stream: OK FOUND", "OK"},
                    // What is not printable does not come further.
                    Answer{"stream: W\x1b[2J\xc3\xa4 FOUND", "W?[2J??"},
                    Answer{"stream: " + std::string(3000, 'x') + " FOUND", std::string(200, 'x')}));

struct BadAnswer {
  std::string text;
  std::string named;
};

class NotUnderstood : public testing::TestWithParam<BadAnswer> {};

TEST_P(NotUnderstood, IsUnavailable) {
  const auto virus = scan_answered_with(GetParam().text);
  ASSERT_FALSE(virus);
  EXPECT_EQ(virus.error().permanence, Permanence::temporary);
  EXPECT_THAT(virus.error().what, StartsWith("clamd 127.0.0.1:"));
  EXPECT_THAT(virus.error().what, HasSubstr(GetParam().named));
}

std::string whole(const std::string& text) { return text + '\0'; }

INSTANTIATE_TEST_SUITE_P(
    Answers, NotUnderstood,
    testing::Values(
        BadAnswer{"", "connection closed"},
        // Cut off: not even an OK is believed without its end.
        BadAnswer{"stream: OK", "connection closed"}, BadAnswer{"stream: Eic", "connection closed"},
        BadAnswer{whole(""), "not clamd's answer"}, BadAnswer{whole("OK"), "not clamd's answer"},
        BadAnswer{whole("stream: ok"), "not clamd's answer"},
        BadAnswer{whole("stream: OK\nstream: OK"), "not clamd's answer"},
        BadAnswer{whole("stream:  FOUND"), "not clamd's answer"},
        BadAnswer{whole("stream: FOUND"), "not clamd's answer"},
        BadAnswer{whole("/etc/passwd: OK"), "not clamd's answer"},
        BadAnswer{whole("PONG"), "not clamd's answer: PONG"},
        BadAnswer{whole("SPAMD/1.1 0 EX_OK"), "not clamd's answer"},
        BadAnswer{whole("stream: Can't allocate memory ERROR"), "Can't allocate memory"},
        BadAnswer{whole("COMMAND READ TIMED OUT ERROR"), "TIMED OUT"},
        BadAnswer{whole("UNKNOWN COMMAND ERROR"), "UNKNOWN COMMAND"},
        BadAnswer{whole("INSTREAM size limit exceeded. ERROR"), "StreamMaxLength"}));

TEST(Clamd, SaysThatAMessageIsTooLargeThoughNobodyReadOn) {
  // As clamd does it: answers at the first piece too many, and closes on the rest.
  ScriptedServer server([](Connection& client) {
    client.read_until(std::string("zINSTREAM\0", 10));
    client.send(whole("INSTREAM size limit exceeded. ERROR"));
  });
  const auto virus =
      ClamdScanner(config_for(server.port())).scan(message(std::size_t{32} << 20U), in_a_while());
  ASSERT_FALSE(virus);
  EXPECT_EQ(virus.error().permanence, Permanence::temporary);
  EXPECT_THAT(virus.error().what, HasSubstr("StreamMaxLength"));
}

TEST(Clamd, DoesNotBelieveAnOkBeforeTheEndOfTheMessage) {
  ScriptedServer server([](Connection& client) {
    client.read_until(std::string("zINSTREAM\0", 10));
    client.send(whole("stream: OK"));
  });
  const auto virus =
      ClamdScanner(config_for(server.port())).scan(message(std::size_t{32} << 20U), in_a_while());
  EXPECT_FALSE(virus);
}

TEST(Clamd, IsUnavailableWhenNobodyListens) {
  const auto virus = ClamdScanner(config_for(test::free_port())).scan(message(), in_a_while());
  ASSERT_FALSE(virus);
  EXPECT_EQ(virus.error().permanence, Permanence::temporary);
  ClamdConfig nowhere;
  nowhere.endpoint.unix_path = "/nonexistent/clamd.ctl";
  const auto none = ClamdScanner(nowhere).scan(message(), in_a_while());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().permanence, Permanence::temporary);
  EXPECT_THAT(none.error().what, HasSubstr("/nonexistent/clamd.ctl"));
}

struct Misbehaviour {
  const char* name;
  ScriptedServer::Script script;
};

class Misbehaving : public testing::TestWithParam<Misbehaviour> {};

TEST_P(Misbehaving, IsUnavailableWhenTheDeadlineHasPassed) {
  ScriptedServer server(GetParam().script);
  const auto virus = ClamdScanner(config_for(server.port())).scan(message(), soon());
  ASSERT_FALSE(virus);
  EXPECT_EQ(virus.error().permanence, Permanence::temporary);
}

INSTANTIATE_TEST_SUITE_P(
    Servers, Misbehaving,
    testing::Values(Misbehaviour{"Silent", [](Connection& client) { client.hang(); }},
                    Misbehaviour{"ClosesAtOnce", [](Connection&) {}},
                    Misbehaviour{"Resets",
                                 [](Connection& client) {
                                   client.read_until(kEndOfStream);
                                   client.reset();
                                 }},
                    Misbehaviour{"Drips",
                                 [](Connection& client) {
                                   client.read_until(kEndOfStream);
                                   client.drip("stream: OK ");
                                 }},
                    Misbehaviour{"NeverEnds",
                                 [](Connection& client) {
                                   client.read_until(kEndOfStream);
                                   client.send_for_ever(std::string(4096, 'x'));
                                 }}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Clamd, ItsOwnTimeoutEndsAWaitBeforeALaterDeadline) {
  ScriptedServer server([](Connection& client) { client.hang(); });
  ClamdConfig config = config_for(server.port());
  config.timeout = Milliseconds(100);
  EXPECT_FALSE(ClamdScanner(config).scan(message(), in_a_while()));
}

TEST(Clamd, ServesManyThreads) {
  ScriptedServer server([](Connection& client) {
    client.read_until(kEndOfStream);
    client.send(whole("stream: Worm FOUND"));
  });
  ClamdScanner scanner(config_for(server.port()));
  std::vector<std::future<int>> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.push_back(std::async(std::launch::async, [&scanner] {
      int good = 0;
      for (int round = 0; round < 10; ++round) {
        const auto virus = scanner.scan(message(), in_a_while());
        if (virus && *virus == "Worm") ++good;
      }
      return good;
    }));
  }
  for (auto& thread : threads) EXPECT_EQ(thread.get(), 10);
}

}  // namespace
}  // namespace postern::clamd
