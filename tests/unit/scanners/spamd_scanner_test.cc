#include "adapters/spamd/spamd_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "adapters/spamd/received.h"
#include "scan_mail.h"
#include "support/scripted_server.h"

namespace postern::spamd {
namespace {

using test::ScriptedServer;
using testing::HasSubstr;
using testing::StartsWith;

const test::FixedClock kClock(1'779'723'543);  // 2026-05-25 15:39:03 UTC

SpamdConfig config_for(std::uint16_t port) {
  SpamdConfig config;
  config.endpoint.host = "127.0.0.1";
  config.endpoint.port = port;
  return config;
}

Result<ports::ScanResult> scan(SpamdConfig config, Deadline deadline) {
  const test::ScanMail mail;
  return SpamdScanner(std::move(config), kClock).scan(mail.input(), deadline);
}

Result<ports::ScanResult> scan_answered_with(const std::string& answer) {
  ScriptedServer server([&answer](ScriptedServer::Connection& client) {
    client.read_to_end();
    client.send(answer);
  });
  return scan(config_for(server.port()), test::in_a_while());
}

TEST(Spamd, SendsTheMessageWithTheClientOnTop) {
  std::promise<std::string> seen;
  ScriptedServer server([&seen](ScriptedServer::Connection& client) {
    seen.set_value(client.read_to_end());
    client.send("SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: False ; 1.5 / 5.0\r\n\r\n");
  });
  SpamdConfig config = config_for(server.port());
  config.user = "jon\r\nContent-length: 1";
  const auto result = scan(config, test::in_a_while());
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->score, 1500);
  EXPECT_FALSE(result->advert);

  const std::string message =
      "Received: from mx.got.com (mail.got.com [192.0.2.7])\r\n"
      "\tby localhost (Postfix) with ESMTP id 4XyZ12;\r\n"
      "\tMon, 25 May 2026 15:39:03 +0000\r\n"
      "From: jon@got.com\r\nSubject: hello\r\n\r\nWinter is coming.\r\n";
  EXPECT_EQ(seen.get_future().get(),
            "REPORT SPAMC/1.5\r\nContent-length: " + std::to_string(message.size()) +
                "\r\nUser: jonContent-length:1\r\n\r\n" + message);
}

TEST(Spamd, TellsAuthenticatedClientsAndUnknownNames) {
  test::ScanMail mail;
  mail.sasl_user = "jon@got.com";
  mail.client_name = "";
  mail.helo = "evil (x [127.0.0.1])\r\nX-Forged: yes";
  mail.client = IpAddress::parse("2001:db8::1");
  const std::string field = received_field(mail.input(), kClock.wall());
  EXPECT_THAT(field, StartsWith("Received: from evil??x?[127.0.0.1]???X-Forged:?yes "
                                "(unknown [2001:db8::1])\r\n"));
  EXPECT_THAT(field, HasSubstr(" with ESMTPA id "));
  EXPECT_THAT(field, testing::Not(HasSubstr("jon")));
}

TEST(Spamd, IsNamedAfterItsEndpoint) {
  EXPECT_EQ(SpamdScanner(config_for(783), kClock).name(), "spamd 127.0.0.1:783");
}

struct Answer {
  std::string text;
  policy::MilliScore score;
};

class Understood : public testing::TestWithParam<Answer> {};

TEST_P(Understood, GivesTheScore) {
  const auto result = scan_answered_with(GetParam().text);
  ASSERT_TRUE(result) << result.error().what;
  EXPECT_EQ(result->score, GetParam().score);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, Understood,
    testing::Values(
        Answer{"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 15.0 / 5.0\r\n\r\n", 15'000},
        Answer{"SPAMD/1.5 0 EX_OK\r\nspam: Yes;1000.0/5.0\r\n\r\n", 1'000'000},
        Answer{"SPAMD/1.1 0 EX_OK\nSpam: False ; -2.3 / 5.0\n\n", -2300},
        Answer{"SPAMD/1.1 0 EX_OK\r\nContent-length: 7\r\nSpam: False ; 0 / 5\r\n\r\nA,B,C\r\n",
               0}));

class NotUnderstood : public testing::TestWithParam<std::string> {};

TEST_P(NotUnderstood, IsUnavailable) {
  const auto result = scan_answered_with(GetParam());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().permanence, Permanence::temporary);
  EXPECT_THAT(result.error().what, StartsWith("spamd 127.0.0.1:"));
}

INSTANTIATE_TEST_SUITE_P(
    Answers, NotUnderstood,
    testing::Values(
        "", "\r\n", "SPAMD/1.1", "SPAMD/1.1 0 EX_OK", "SPAMD/1.1 0 EX_OK\r\n",
        "SPAMD/1.1 0 EX_OK\r\n\r\n",
        // Cut off: 1 of 15.0, or of a header that never ends.
        "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 1", "SPAMD/1.1 0 EX_OK\r\nSpam: True ; 15.0 / 5.0\r\n",
        "SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\nSpam: False ; 0 / 5\r\n\r\nA,B,C\r\n",
        "SPAMD/1.1 0 EX_OK\r\nContent-length: x\r\nSpam: False ; 0 / 5\r\n\r\n",
        "SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\n\r\n", "SPAMD/1.1 0 EX_OK\r\nSpam: True\r\n\r\n",
        "SPAMD/1.1 0 EX_OK\r\nSpam: True ; high / 5.0\r\n\r\n",
        "SPAMD/1.1 0 EX_OK\r\nSpam: True ; nan / 5.0\r\n\r\n",
        "SPAMD/1.1 0 EX_OK\r\nno colon\r\nSpam: True ; 1 / 5\r\n\r\n",
        "SPAMD/1.1 76 Bad header line: (EOF)\r\n\r\n",
        "SPAMD/1.1 69 EX_UNAVAILABLE\r\nSpam: False ; 0.0 / 5.0\r\n\r\n",
        "SPAMD/1.1 x EX_OK\r\nSpam: False ; 0.0 / 5.0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nSpam: False ; 0.0 / 5.0\r\n\r\n", std::string("\0\xff\x1b[2J", 6)));

TEST(Spamd, IsUnavailableWhenNobodyListens) {
  const auto result = scan(config_for(test::free_port()), test::in_a_while());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().permanence, Permanence::temporary);
}

struct Misbehaviour {
  const char* name;
  ScriptedServer::Script script;
};

class Misbehaving : public testing::TestWithParam<Misbehaviour> {};

TEST_P(Misbehaving, IsUnavailableWhenTheDeadlineHasPassed) {
  ScriptedServer server(GetParam().script);
  const auto result = scan(config_for(server.port()), test::soon());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().permanence, Permanence::temporary);
}

using Connection = ScriptedServer::Connection;
INSTANTIATE_TEST_SUITE_P(
    Servers, Misbehaving,
    testing::Values(Misbehaviour{"Silent", [](Connection& client) { client.hang(); }},
                    Misbehaviour{"ClosesAtOnce", [](Connection&) {}},
                    Misbehaviour{"Resets",
                                 [](Connection& client) {
                                   client.read_until("\r\n\r\n");
                                   client.reset();
                                 }},
                    Misbehaviour{"Drips",
                                 [](Connection& client) {
                                   client.read_to_end();
                                   client.drip("SPAMD/1.1 0 EX_OK\r\nX: y\r\n");
                                 }},
                    Misbehaviour{"NeverEndsALine",
                                 [](Connection& client) {
                                   client.read_to_end();
                                   client.send_for_ever(std::string(4096, 'x'));
                                 }},
                    Misbehaviour{"NeverEndsTheHeader",
                                 [](Connection& client) {
                                   client.read_to_end();
                                   client.send("SPAMD/1.1 0 EX_OK\r\nSpam: False ; 0.0 / 5.0\r\n");
                                   client.send_for_ever("X-Endless: yes\r\n");
                                 }},
                    Misbehaviour{"NeverEndsTheReport",
                                 [](Connection& client) {
                                   client.read_to_end();
                                   client.send(
                                       "SPAMD/1.1 0 EX_OK\r\nSpam: False ; 0.0 / 5.0\r\n\r\n");
                                   client.send_for_ever(std::string(4096, 'x'));
                                 }}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Spamd, ItsOwnTimeoutEndsAWaitBeforeALaterDeadline) {
  ScriptedServer server([](Connection& client) { client.hang(); });
  SpamdConfig config = config_for(server.port());
  config.timeout = std::chrono::milliseconds(100);
  EXPECT_FALSE(scan(config, test::in_a_while()));
}

}  // namespace
}  // namespace postern::spamd
