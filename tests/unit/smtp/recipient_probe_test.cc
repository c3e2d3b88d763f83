// A platform is asked about a mailbox, and believed only where it says so.
#include "adapters/smtp/recipient_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scripted_server.h"
#include "support/scripted_smtp_server.h"

namespace postern::smtp {
namespace {

using test::Misdeed;
using test::ScriptedSmtpServer;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Script = ScriptedSmtpServer::Script;
using Verdict = ports::RecipientStanding::Verdict;

policy::Platform platform(std::uint16_t port,
                          policy::TransportType type = policy::TransportType::smtp) {
  policy::Platform made;
  made.primary = {"127.0.0.1", port, type};
  return made;
}

ports::RecipientStanding ask(const policy::Platform& platform,
                             Milliseconds patience = Milliseconds(30'000),
                             const char* address = "Jon@got.com") {
  return SmtpRecipientProbe("postern.test")
      .probe(*mail::Address::parse(address), platform, Deadline::after(patience));
}

TEST(RecipientProbe, AsksWithoutSendingAnything) {
  const ScriptedSmtpServer server;
  EXPECT_EQ(ask(platform(server.port())).verdict, Verdict::exists);
  EXPECT_THAT(server.commands(),
              ElementsAre("EHLO postern.test", "MAIL FROM:<>", "RCPT TO:<Jon@got.com>", "QUIT"));
}

TEST(RecipientProbe, OnlyTheAnswerToRcptCounts) {
  struct Case {
    const char* stage;
    test::SmtpAnswer answer;
    Verdict verdict;
  };
  for (const Case& test : {Case{"RCPT", {"550 5.1.1 no such user\r\n"}, Verdict::does_not_exist},
                           Case{"RCPT", {"450 4.2.0 later\r\n"}, Verdict::unknown},
                           Case{"RCPT", {"354 what\r\n"}, Verdict::unknown},
                           Case{"RCPT", {"", Misdeed::close}, Verdict::unknown},
                           Case{"MAIL", {"550 5.7.1 no\r\n"}, Verdict::unknown},
                           Case{"MAIL", {"530 5.7.0 STARTTLS first\r\n"}, Verdict::unknown},
                           Case{"EHLO", {"550 no\r\n"}, Verdict::unknown},
                           Case{"greeting", {"554 no\r\n"}, Verdict::unknown},
                           Case{"greeting", {"", Misdeed::endless_line}, Verdict::unknown}}) {
    SCOPED_TRACE(std::string(test.stage) + ": " + test.answer.text);
    const ScriptedSmtpServer server(Script{{test.stage, test.answer}});
    EXPECT_EQ(ask(platform(server.port())).verdict, test.verdict);
  }
}

TEST(RecipientProbe, AsksTheFallbackOnlyWhereThePrimaryDoesNotSay) {
  const ScriptedSmtpServer fallback;
  for (const char* const reply : {"421 busy\r\n", "450 later\r\n"}) {
    const ScriptedSmtpServer primary(Script{{"RCPT", {reply}}});
    policy::Platform both = platform(primary.port());
    both.fallback = policy::Hop{"127.0.0.1", fallback.port(), policy::TransportType::smtp};
    EXPECT_EQ(ask(both).verdict, Verdict::exists);
  }
  policy::Platform dead = platform(test::free_port());
  dead.fallback = policy::Hop{"127.0.0.1", fallback.port(), policy::TransportType::smtp};
  EXPECT_EQ(ask(dead).verdict, Verdict::exists);
  const ScriptedSmtpServer sure(Script{{"RCPT", {"550 5.1.1 no\r\n"}}});
  policy::Platform both = platform(sure.port());
  both.fallback = dead.fallback;
  EXPECT_EQ(ask(both).verdict, Verdict::does_not_exist);
}

TEST(RecipientProbe, SendsNothingInTheClearWhereTlsIsDemanded) {
  const ScriptedSmtpServer server;
  const auto standing = ask(platform(server.port(), policy::TransportType::smtps_encrypt));
  EXPECT_EQ(standing.verdict, Verdict::unknown);
  EXPECT_THAT(standing.why, HasSubstr("TLS"));
  EXPECT_THAT(server.commands(), IsEmpty());
  EXPECT_EQ(ask(platform(server.port(), policy::TransportType::smtps_may)).verdict,
            Verdict::exists);
}

TEST(RecipientProbe, AnAddressThatWouldEndTheCommandIsNotSent) {
  const ScriptedSmtpServer server;
  EXPECT_EQ(ask(platform(server.port()), Milliseconds(30'000), "\"a>\"@got.com").verdict,
            Verdict::unknown);
  EXPECT_THAT(server.commands(), IsEmpty());
}

TEST(RecipientProbe, ADeadlineOrAStopEndsIt) {
  const ScriptedSmtpServer silent(Script{{"MAIL", {"", Misdeed::silence}}});
  EXPECT_EQ(ask(platform(silent.port()), Milliseconds(100)).verdict, Verdict::unknown);
  SmtpRecipientProbe probe("postern.test");
  probe.stop();
  const auto standing = probe.probe(*mail::Address::parse("a@got.com"), platform(silent.port()),
                                    Deadline::after(std::chrono::minutes(10)));
  EXPECT_EQ(standing.verdict, Verdict::unknown);
  EXPECT_THAT(standing.why, HasSubstr("stopping"));
}

}  // namespace
}  // namespace postern::smtp
