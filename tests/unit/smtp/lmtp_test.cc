// Into a mailbox over LMTP: what is said, and whose fault it is when it is not taken.
#include "adapters/smtp/lmtp.h"

#include "unit/smtp/fixture.h"

namespace postern::smtp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Result<std::string> deliver(const ScriptedSmtpServer& server, const ports::Submission& submission) {
  net::Endpoint address;
  address.host = "127.0.0.1";
  address.port = server.port();
  return make_lmtp_submitter({address, "postern.test", Milliseconds(30'000)})
      ->submit(submission, Deadline::after(Milliseconds(30'000)));
}

constexpr const char* kDovecot =
    "250-mail\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING\r\n";

TEST(Lmtp, SaysLhloAndNoToken) {
  ScriptedSmtpServer server(
      Script{{"LHLO", {kDovecot}}, {".", {"250 2.0.0 <bob+Spam@got.com> Saved\r\n"}}});
  auto submission = submission_of("Subject: x\r\n\r\n.dot\r\nn\xc3\xa4\r\n");
  submission.recipients = {{"\"bob+Junk Mail\"@got.com", "NEVER", "rfc822;x"}};
  submission.eight_bit = true;
  const auto answer = deliver(server, submission);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(*answer, "250 2.0.0 <bob+Spam@got.com> Saved");
  EXPECT_THAT(server.commands(),
              ElementsAre("LHLO postern.test", "MAIL FROM:<alice@example.net> BODY=8BITMIME",
                          "RCPT TO:<\"bob+Junk Mail\"@got.com>", "DATA", "QUIT"));
  EXPECT_EQ(server.message(), "Subject: x\r\n\r\n..dot\r\nn\xc3\xa4\r\n");
}

// Dovecot knows no SMTPUTF8; the mailbox takes the message all the same.
TEST(Lmtp, AnInternationalMessageNeedsNoSmtputf8) {
  ScriptedSmtpServer server(Script{{"LHLO", {kDovecot}}});
  auto submission = submission_of();
  submission.sender = "\xc3\xa4rya@example.net";
  submission.smtputf8 = true;
  ASSERT_TRUE(deliver(server, submission));
  EXPECT_EQ(server.commands()[1], "MAIL FROM:<> BODY=8BITMIME");
}

struct RefusalCase {
  const char* stage;
  Permanence permanence;  // of a 5xx there
  const char* named;
};

TEST(Lmtp, ARefusalIsTheMailboxesOnlyWhereItIsAboutIt) {
  const RefusalCase cases[] = {{"greeting", Permanence::temporary, "greeting"},
                               {"LHLO", Permanence::temporary, "LHLO"},
                               {"MAIL", Permanence::temporary, "MAIL"},
                               {"RCPT", Permanence::permanent, "RCPT"},
                               {"DATA", Permanence::temporary, "DATA"},
                               {".", Permanence::permanent, "end of message"}};
  for (const RefusalCase& test : cases) {
    for (const bool is_5xx : {false, true}) {
      SCOPED_TRACE(std::string(test.stage) + (is_5xx ? " 5xx" : " 4xx"));
      const char* const reply = is_5xx ? "550 5.1.1 no\r\n" : "452 4.2.2 full\r\n";
      ScriptedSmtpServer server(Script{{test.stage, {reply}}});
      const auto answer = deliver(server, submission_of());
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().permanence, is_5xx ? test.permanence : Permanence::temporary);
      EXPECT_THAT(answer.error().what, StartsWith(std::string("lmtp: ") + test.named));
      EXPECT_THAT(answer.error().what, HasSubstr(is_5xx ? "550 5.1.1 no" : "452 4.2.2 full"));
    }
  }
}

TEST(Lmtp, ALostAnswerIsNoAnswer) {
  for (const Misdeed misdeed : {Misdeed::close, Misdeed::endless_line, Misdeed::endless_lines}) {
    ScriptedSmtpServer server(Script{{".", {"", misdeed}}});
    const auto answer = deliver(server, submission_of());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().permanence, Permanence::temporary) << answer.error().what;
  }
}

TEST(Lmtp, NobodyIsThere) {
  net::Endpoint nobody;
  nobody.unix_path = "/nonexistent/lmtp";
  const auto answer = make_lmtp_submitter({nobody, "postern.test", Milliseconds(1'000)})
                          ->submit(submission_of(), Deadline::after(Milliseconds(1'000)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().permanence, Permanence::temporary);
}

TEST(Lmtp, WhatWouldBecomeAnotherCommandIsNotSaid) {
  ScriptedSmtpServer server;
  auto submission = submission_of();
  submission.recipients = {{"bob@got.com>\r\nRCPT TO:<eve@got.com", "", ""}};
  const auto answer = deliver(server, submission);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().permanence, Permanence::permanent);
  submission.recipients = {{"bob@got.com", "", ""}, {"eve@got.com", "", ""}};
  EXPECT_FALSE(deliver(server, submission)) << "each has an answer of his own";
  EXPECT_TRUE(server.commands().empty());
}

}  // namespace
}  // namespace postern::smtp
