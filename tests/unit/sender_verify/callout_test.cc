// Only what a server says of the sender himself counts against him.
#include "adapters/sender_verify/callout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "base/text.h"
#include "fake_resolver.h"
#include "support/scripted_server.h"
#include "support/scripted_smtp_server.h"

namespace postern::sender_verify {
namespace {

using test::Misdeed;
using test::ScriptedSmtpServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Script = ScriptedSmtpServer::Script;
using Verdict = decide::SenderStanding::Verdict;

class Callout : public testing::Test {
 protected:
  Callout() {
    resolver_.mx("got.com", {{10, "mx.got.com"}});
    resolver_.address("mx.got.com", {"127.0.0.1"});
  }
  decide::SenderStanding ask(std::uint16_t port, const std::string& sender = "jon@got.com",
                             Milliseconds patience = Milliseconds(30'000)) {
    CalloutRules rules;
    rules.helo_name = "postern.test";
    rules.port = port;
    rules.allow_private_addresses = true;
    return call_out(*mail::Address::parse(sender), rules, resolver_, stop_,
                    Deadline::after(patience));
  }
  decide::SenderStanding answered(const Script& script) {
    ScriptedSmtpServer server(script);
    auto standing = ask(server.port());
    commands_ = server.commands();
    return standing;
  }

  test::FakeResolver resolver_;
  Wakeup stop_;
  std::vector<std::string> commands_;
};

TEST_F(Callout, ASenderWhoGetsBouncesExists) {
  EXPECT_EQ(answered({}).verdict, Verdict::exists);
  EXPECT_THAT(commands_,
              ElementsAre("EHLO postern.test", "MAIL FROM:<>", "RCPT TO:<jon@got.com>", "QUIT"));
}

struct Case {
  const char* stage;
  const char* reply;
  Verdict verdict;
};

TEST_F(Callout, OnlyARefusedRecipientDoesNotExist) {
  for (const Case& test : {Case{"RCPT", "251 will forward\r\n", Verdict::exists},
                           Case{"RCPT", "550 5.1.1 no such user\r\n", Verdict::does_not_exist},
                           Case{"RCPT", "553-x\r\n553 y\r\n", Verdict::does_not_exist},
                           Case{"RCPT", "450 4.2.0 greylisted\r\n", Verdict::unknown},
                           Case{"RCPT", "354 what\r\n", Verdict::unknown},
                           Case{"greeting", "554 5.7.1 go away\r\n", Verdict::unknown},
                           Case{"greeting", "421 busy\r\n", Verdict::unknown},
                           Case{"EHLO", "550 5.7.1 go away\r\n", Verdict::unknown},
                           Case{"EHLO", "421 busy\r\n", Verdict::unknown},
                           Case{"MAIL", "550 5.7.1 go away\r\n", Verdict::unknown},
                           Case{"MAIL", "451 later\r\n", Verdict::unknown}}) {
    SCOPED_TRACE(std::string(test.stage) + ": " + test.reply);
    const auto standing = answered({{test.stage, {test.reply}}});
    EXPECT_EQ(standing.verdict, test.verdict) << standing.why;
    if (test.verdict != Verdict::exists) {
      EXPECT_THAT(standing.why, HasSubstr(std::string(test.reply).substr(0, 3)));
      EXPECT_THAT(standing.why, HasSubstr("mx.got.com"));
    }
    EXPECT_EQ(commands_.back(), "QUIT");
  }
}

TEST_F(Callout, TriesAnotherSenderWhereBouncesAreRefused) {
  const auto standing = answered({{"MAIL FROM:<>", {"550 5.7.1 no bounces here\r\n"}},
                                  {"RCPT", {"550 5.1.1 no such user\r\n"}}});
  EXPECT_EQ(standing.verdict, Verdict::does_not_exist);
  EXPECT_THAT(commands_, ElementsAre("EHLO postern.test", "MAIL FROM:<>",
                                     "MAIL FROM:<double-bounce@postern.test>",
                                     "RCPT TO:<jon@got.com>", "QUIT"));
}

TEST_F(Callout, SpeaksHeloWhereEhloIsUnknown) {
  EXPECT_EQ(answered({{"EHLO", {"502 5.5.1 what?\r\n"}}}).verdict, Verdict::exists);
  EXPECT_THAT(commands_, testing::Contains("HELO postern.test"));
}

TEST_F(Callout, WhatAServerSaysIsPrintableAndCut) {
  const auto standing = answered({{"RCPT", {"550 \x1b[2J\xff" + std::string(1500, 'x') + "\r\n"}}});
  EXPECT_EQ(standing.verdict, Verdict::does_not_exist);
  EXPECT_EQ(standing.why, printable(standing.why, 300));
  EXPECT_THAT(standing.why, HasSubstr("550 ?[2J?xxx"));
}

TEST_F(Callout, MisbehaviourIsUnknown) {
  for (const char* const stage : {"greeting", "EHLO", "MAIL", "RCPT"}) {
    for (const test::SmtpAnswer& answer : {test::SmtpAnswer{"", Misdeed::close},
                                           {"2", Misdeed::close},
                                           {"550-half a reply\r\n", Misdeed::close},
                                           {"HTTP/1.1 200 OK\r\n"},
                                           {"250-a\r\n550 b\r\n"},
                                           {"", Misdeed::endless_line},
                                           {"", Misdeed::endless_lines}}) {
      SCOPED_TRACE(std::string(stage) + ": " + answer.text);
      EXPECT_EQ(answered({{stage, answer}}).verdict, Verdict::unknown);
    }
    for (const Misdeed misdeed : {Misdeed::silence, Misdeed::drip}) {
      const ScriptedSmtpServer server(Script{{stage, {"", misdeed}}});
      EXPECT_EQ(ask(server.port(), "jon@got.com", Milliseconds(100)).verdict, Verdict::unknown);
    }
  }
}

TEST_F(Callout, ABadGoodbyeChangesNothing) {
  EXPECT_EQ(answered({{"RCPT", {"550 5.1.1 no\r\n"}}, {"QUIT", {"", Misdeed::close}}}).verdict,
            Verdict::does_not_exist);
}

TEST_F(Callout, AskTheServersByTheirPreference) {
  // Nobody listens on ::1 and 127.0.0.3; the server on 127.0.0.1 is the second choice.
  const ScriptedSmtpServer server(Script{{"RCPT", {"550 5.1.1 no\r\n"}}});
  resolver_.mx(
      "got.com",
      {{20, "mx.got.com"}, {30, "never.got.com"}, {5, "first.got.com"}, {1, "gone.got.com"}});
  resolver_.address("first.got.com", {"127.0.0.3", "::1"});
  resolver_.fails("never.got.com", ports::DnsType::a);
  const auto standing = ask(server.port());
  EXPECT_EQ(standing.verdict, Verdict::does_not_exist);
  EXPECT_THAT(standing.why, HasSubstr("mx.got.com (127.0.0.1)"));
}

TEST_F(Callout, ASilentServerLeavesTimeForTheNext) {
  const ScriptedSmtpServer good;
  // Takes connections and never says a word.
  const UniqueFd silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = test::loopback(good.port());
  ASSERT_EQ(::inet_pton(AF_INET, "127.0.0.2", &address.sin_addr), 1);
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(silent.get(), 16), 0);
  resolver_.mx("got.com", {{1, "silent.got.com"}, {2, "mx.got.com"}});
  resolver_.address("silent.got.com", {"127.0.0.2"});
  EXPECT_EQ(ask(good.port(), "jon@got.com", Milliseconds(3'000)).verdict, Verdict::exists);
}

TEST_F(Callout, TheDomainItselfWhereThereIsNoMx) {
  resolver_.address("stark.net", {"127.0.0.1"});
  const ScriptedSmtpServer server;
  EXPECT_EQ(ask(server.port(), "arya@stark.net").verdict, Verdict::exists);
  EXPECT_EQ(ask(server.port(), "arya@[127.0.0.1]").verdict, Verdict::exists);
}

TEST_F(Callout, TheDnsAloneMayDecide) {
  resolver_.mx("null.example", {{0, ""}});
  resolver_.fails("broken.example", ports::DnsType::mx);
  resolver_.mx("homeless.example", {{1, "nowhere.example"}});
  const std::uint16_t nobody = test::free_port();
  EXPECT_EQ(ask(nobody, "a@nowhere.example").verdict, Verdict::does_not_exist);
  EXPECT_EQ(ask(nobody, "a@null.example").verdict, Verdict::does_not_exist);
  EXPECT_EQ(ask(nobody, "a@broken.example").verdict, Verdict::unknown);
  EXPECT_EQ(ask(nobody, "a@homeless.example").verdict, Verdict::unknown);
  EXPECT_EQ(ask(nobody).verdict, Verdict::unknown);
}

TEST_F(Callout, DoesNotKnockWhereAStrangersMxPointsInward) {
  const ScriptedSmtpServer server;
  CalloutRules rules;
  rules.helo_name = "postern.test";
  rules.port = server.port();
  for (const char* const inward : {"127.0.0.1", "::1", "10.0.0.1", "0.0.0.0", "fe80::1"}) {
    test::FakeResolver resolver;
    resolver.mx("evil.example", {{1, "mx.evil.example"}});
    resolver.address("mx.evil.example", {inward});
    const auto standing = call_out(*mail::Address::parse("a@evil.example"), rules, resolver, stop_,
                                   Deadline::after(Milliseconds(30'000)));
    EXPECT_EQ(standing.verdict, Verdict::unknown);
    EXPECT_THAT(standing.why, HasSubstr("not a public address"));
  }
  const auto literal = call_out(*mail::Address::parse("a@[127.0.0.1]"), rules, resolver_, stop_,
                                Deadline::after(Milliseconds(30'000)));
  EXPECT_EQ(literal.verdict, Verdict::unknown);
  EXPECT_THAT(server.commands(), IsEmpty());
}

TEST_F(Callout, AnAddressThatWouldEndTheCommandIsNotSent) {
  const ScriptedSmtpServer server;
  EXPECT_EQ(ask(server.port(), "\"a>\"@got.com").verdict, Verdict::unknown);
  EXPECT_THAT(server.commands(), IsEmpty());
}

TEST_F(Callout, EightBitsNeedAServerThatTakesThem) {
  EXPECT_EQ(
      [&] {
        const ScriptedSmtpServer plain(Script{{"EHLO", {"250 mx.test\r\n"}}});
        return ask(plain.port(), "j\xc3\xb6n@got.com").verdict;
      }(),
      Verdict::unknown);
  const ScriptedSmtpServer server;
  EXPECT_EQ(ask(server.port(), "j\xc3\xb6n@got.com").verdict, Verdict::exists);
  EXPECT_THAT(server.commands(), testing::Contains("MAIL FROM:<> SMTPUTF8"));
}

TEST_F(Callout, AStopEndsIt) {
  const ScriptedSmtpServer server(Script{{"MAIL", {"", Misdeed::silence}}});
  stop_.signal();
  const auto standing = ask(server.port(), "jon@got.com", std::chrono::minutes(10));
  EXPECT_EQ(standing.verdict, Verdict::unknown);
  EXPECT_THAT(standing.why, HasSubstr("stopping"));
}

}  // namespace
}  // namespace postern::sender_verify
