// What a server that does as RFC 5321 says is told.
#include "base/text.h"
#include "unit/smtp/fixture.h"

namespace postern::smtp {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

using DialogueTest = SubmitterTest;

// "X-Postern-Token: <id> <seconds>.<64 hex>", CRLF
constexpr std::size_t kTokenHeaderSize = 17 + 32 + 1 + 10 + 1 + 64 + 2;

TEST_F(DialogueTest, AMessageIsHandedOver) {
  ScriptedSmtpServer server;
  const auto answer = submit(server, submission_of());
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(*answer, "250 2.0.0 Ok: queued as 4Xyz");
  EXPECT_THAT(server.commands(), ElementsAre("EHLO postern.test",
                                             "MAIL FROM:<alice@example.net> SIZE=" +
                                                 std::to_string(kTokenHeaderSize + 20),
                                             "RCPT TO:<bob@got.com>", "DATA", "QUIT"));
}

TEST_F(DialogueTest, TheTokenOnTopProvesIdSenderRecipientsAndTime) {
  ScriptedSmtpServer server;
  auto submission = submission_of("Subject: x\r\n\r\n.body\r\n");
  submission.recipients.push_back({"\"A b\"@hbo.com", "", ""});
  ASSERT_TRUE(submit(server, submission));
  const std::string message = server.message();
  const std::size_t end = message.find("\r\n");
  EXPECT_EQ(message.substr(end + 2), "Subject: x\r\n\r\n..body\r\n");
  const std::string header = message.substr(0, end);
  ASSERT_THAT(header, StartsWith("X-Postern-Token: " + submission.id + " "));
  const std::string value = header.substr(17);
  const auto verdict = [&](const std::vector<std::string>& recipients, Milliseconds later) {
    return verify_submit_token(value, "alice@example.net", recipients, clock_.wall() + later,
                               {keys_.front()});
  };
  const std::vector<std::string> recipients = {"\"A b\"@hbo.com", "bob@got.com"};
  EXPECT_EQ(verdict(recipients, Milliseconds(599'000)), TokenVerdict::valid);
  EXPECT_EQ(verdict(recipients, Milliseconds(600'000)), TokenVerdict::expired);
  EXPECT_EQ(verdict({"bob@got.com"}, Milliseconds(0)), TokenVerdict::forged);
}

struct CommandCase {
  const char* name;
  const char* ehlo;
  void (*change)(ports::Submission&);
  const char* mail;  // without SIZE
  const char* rcpt;
};

TEST_F(DialogueTest, ParametersAreSaidWhereTheyAreOffered) {
  constexpr const char* kAll = "250-mx\r\n250-8bitmime\r\n250-SMTPUTF8\r\n250 Dsn\r\n";
  constexpr const char* kNothing = "250 mx\r\n";
  const auto everything = [](ports::Submission& submission) {
    submission.eight_bit = true;
    submission.ret = "HDRS";
    submission.envid = "abc+2Bd";
    submission.recipients[0].notify = "FAILURE,DELAY";
    submission.recipients[0].orcpt = "rfc822;x+2By@got.com";
  };
  const CommandCase cases[] = {
      {"nothing asked", kAll, [](ports::Submission&) {}, "MAIL FROM:<alice@example.net>",
       "RCPT TO:<bob@got.com>"},
      {"everything asked", kAll, everything,
       "MAIL FROM:<alice@example.net> BODY=8BITMIME RET=HDRS ENVID=abc+2Bd",
       "RCPT TO:<bob@got.com> NOTIFY=FAILURE,DELAY ORCPT=rfc822;x+2By@got.com"},
      {"nothing offered", kNothing, everything, "MAIL FROM:<alice@example.net>",
       "RCPT TO:<bob@got.com>"},
      {"a server named as an extension", "250 DSN\r\n", everything, "MAIL FROM:<alice@example.net>",
       "RCPT TO:<bob@got.com>"},
      {"the null sender", kAll, [](ports::Submission& submission) { submission.sender = ""; },
       "MAIL FROM:<>", "RCPT TO:<bob@got.com>"},
      {"SMTPUTF8", kAll,
       [](ports::Submission& submission) {
         submission.smtputf8 = true;
         submission.sender = "jörg@example.net";
       },
       "MAIL FROM:<jörg@example.net> BODY=8BITMIME SMTPUTF8", "RCPT TO:<bob@got.com>"},
      {"a quoted local part", kAll,
       [](ports::Submission& submission) { submission.recipients[0].address = "\"a b\"@got.com"; },
       "MAIL FROM:<alice@example.net>", "RCPT TO:<\"a b\"@got.com>"},
  };
  for (const CommandCase& test : cases) {
    SCOPED_TRACE(test.name);
    ScriptedSmtpServer server(Script{{"EHLO", {test.ehlo}}});
    auto submission = submission_of();
    test.change(submission);
    const auto answer = submit(server, submission);
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_THAT(server.commands(),
                ElementsAre("EHLO postern.test", test.mail, test.rcpt, "DATA", "QUIT"));
  }
}

TEST_F(DialogueTest, SmtpUtf8WithoutItsExtensionIsRefusedForGood) {
  ScriptedSmtpServer server(Script{{"EHLO", {"250-mx\r\n250 8BITMIME\r\n"}}});
  auto submission = submission_of();
  submission.smtputf8 = true;
  const auto answer = submit(server, submission);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().permanence, Permanence::permanent);
  EXPECT_THAT(answer.error().what, HasSubstr("SMTPUTF8"));
  EXPECT_THAT(server.commands(), ElementsAre("EHLO postern.test", "QUIT"));
}

TEST_F(DialogueTest, AServerWithoutEhloIsGreetedTheOldWay) {
  ScriptedSmtpServer server(Script{{"EHLO", {"502 5.5.1 what?\r\n"}}});
  const auto answer = submit(server, submission_of());
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_THAT(server.commands(),
              ElementsAre("EHLO postern.test", "HELO postern.test", "MAIL FROM:<alice@example.net>",
                          "RCPT TO:<bob@got.com>", "DATA", "QUIT"));
}

TEST_F(DialogueTest, EightBitBytesAndOddLineEndsArriveWhole) {
  ScriptedSmtpServer server;
  const std::string bytes = "Subject: \xc3\xbc\n\nbare\rcr, nul \0, \xff\r\n.\nlast"s;
  ASSERT_TRUE(submit(server, submission_of(bytes)));
  EXPECT_EQ(server.message().substr(kTokenHeaderSize),
            "Subject: \xc3\xbc\r\n\r\nbare\rcr, nul \0, \xff\r\n..\r\nlast\r\n"s);
}

TEST_F(DialogueTest, AnEmptyMessageIsItsTokenAlone) {
  ScriptedSmtpServer server;
  ASSERT_TRUE(submit(server, submission_of("")));
  EXPECT_EQ(server.message().size(), kTokenHeaderSize);
}

TEST_F(DialogueTest, ALargeMessageArrivesWhole) {
  ScriptedSmtpServer server;
  std::string bytes;
  for (int i = 0; i < 200'000; ++i) bytes += "a line of twenty-six octs\r\n";
  ASSERT_TRUE(submit(server, submission_of(bytes)));
  EXPECT_EQ(server.message().substr(kTokenHeaderSize), bytes);
}

TEST_F(DialogueTest, OneRefusedRecipientMeansThatNobodyGetsIt) {
  ScriptedSmtpServer server(
      Script{{"RCPT TO:<no@got.com>", {"550-5.1.1 no such\r\n550 5.1.1 user\r\n"}}});
  auto submission = submission_of();
  submission.recipients.push_back({"no@got.com", "", ""});
  submission.recipients.push_back({"carol@got.com", "", ""});
  const auto answer = submit(server, submission);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().permanence, Permanence::permanent);
  EXPECT_THAT(answer.error().what,
              HasSubstr("RCPT TO:<no@got.com>: 127.0.0.1:" + std::to_string(server.port()) +
                        ": 550 5.1.1 no such 5.1.1 user"));
  EXPECT_THAT(server.commands(), Not(testing::Contains("DATA")));
  EXPECT_EQ(server.commands().back(), "QUIT");
}

TEST_F(DialogueTest, NothingFromOutsideBecomesACommand) {
  struct Case {
    const char* name;
    void (*change)(ports::Submission&);
  };
  const Case cases[] = {
      {"sender", [](ports::Submission& s) { s.sender = "a@b>\r\nDATA"; }},
      {"LF", [](ports::Submission& s) { s.sender = "a@b\nDATA"; }},
      {"CR", [](ports::Submission& s) { s.sender = "a@b\rDATA"; }},
      {"NUL", [](ports::Submission& s) { s.sender = "a\0@b"s; }},
      {"bracket", [](ports::Submission& s) { s.sender = "a@b> SIZE=1 <"; }},
      {"recipient", [](ports::Submission& s) { s.recipients[0].address = "a@b\r\nRCPT TO:<c@d"; }},
      {"second recipient",
       [](ports::Submission& s) {
         s.recipients.push_back({"<a@b", "", ""});
       }},
      {"no address", [](ports::Submission& s) { s.recipients[0].address = ""; }},
      {"no recipient", [](ports::Submission& s) { s.recipients.clear(); }},
      {"NOTIFY", [](ports::Submission& s) { s.recipients[0].notify = "NEVER\r\nDATA"; }},
      {"ORCPT", [](ports::Submission& s) { s.recipients[0].orcpt = "rfc822;a NOTIFY=NEVER"; }},
      {"RET", [](ports::Submission& s) { s.ret = "FULL\n"; }},
      {"ENVID", [](ports::Submission& s) { s.envid = "a b"; }},
      {"id", [](ports::Submission& s) { s.id = "a\r\nBcc: x@y"; }},
      {"no id", [](ports::Submission& s) { s.id = ""; }},
  };
  ScriptedSmtpServer server;
  for (const Case& test : cases) {
    SCOPED_TRACE(test.name);
    auto submission = submission_of();
    test.change(submission);
    const auto answer = submit(server, submission);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().permanence, Permanence::permanent);
    EXPECT_EQ(answer.error().what, printable(answer.error().what, 1000));
  }
  EXPECT_THAT(server.commands(), IsEmpty());
}

TEST_F(DialogueTest, WithoutAKeyNothingIsSent) {
  ScriptedSmtpServer server;
  SubmitterOptions chosen = options(server);
  chosen.token_keys.clear();
  const auto answer =
      make_submitter(chosen)->submit(submission_of(), Deadline::after(Milliseconds(30'000)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().permanence, Permanence::permanent);
  EXPECT_THAT(server.commands(), IsEmpty());
}

}  // namespace
}  // namespace postern::smtp
