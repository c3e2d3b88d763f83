// Whatever the server does, submit() comes back, with an error that says what was asked and
// answered and whether it is worth trying again.
#include "base/text.h"
#include "unit/smtp/fixture.h"

namespace postern::smtp {
namespace {

using testing::HasSubstr;
using testing::Not;

using MisbehaviourTest = SubmitterTest;

constexpr const char* kStages[] = {"greeting", "EHLO", "MAIL", "RCPT", "DATA", "."};
// How the error names the stage.
std::string name_of(const std::string& stage) { return stage == "." ? "end of message" : stage; }

void expect_error(const Result<std::string>& answer, Permanence permanence,
                  const std::string& stage) {
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().permanence, permanence) << answer.error().what;
  EXPECT_THAT(answer.error().what, HasSubstr("submit: " + name_of(stage)));
  EXPECT_THAT(answer.error().what, HasSubstr("127.0.0.1:"));
  EXPECT_EQ(answer.error().what, printable(answer.error().what, 1000));
}

struct ReplyCase {
  const char* reply;
  Permanence permanence;
  const char* named;
};

TEST_F(MisbehaviourTest, EachRefusalAtEachStage) {
  const ReplyCase cases[] = {
      {"421 4.3.2 closing\r\n", Permanence::temporary, "421 4.3.2 closing"},
      {"451 4.3.0 later\r\n", Permanence::temporary, "451 4.3.0 later"},
      {"451-4.3.0 one\r\n451-4.3.0 two\r\n451 4.3.0 three\r\n", Permanence::temporary,
       "451 4.3.0 one 4.3.0 two 4.3.0 three"},
      {"554 5.7.1 never\r\n", Permanence::permanent, "554 5.7.1 never"},
      {"550\r\n", Permanence::permanent, "550"},
      {"550 \x1b[2J\xff\r\n", Permanence::permanent, "550 ?[2J?"},
  };
  for (const char* stage : kStages) {
    for (const ReplyCase& test : cases) {
      SCOPED_TRACE(std::string(stage) + ": " + test.reply);
      ScriptedSmtpServer server(Script{{stage, {test.reply}}});
      const auto answer = submit(server, submission_of());
      expect_error(answer, test.permanence, stage);
      EXPECT_THAT(answer.error().what, HasSubstr(test.named));
      // It leaves as one should.
      EXPECT_EQ(server.commands().back(), "QUIT");
    }
  }
}

TEST_F(MisbehaviourTest, WhatIsNoReplyIsNoSuccess) {
  const char* const replies[] = {
      "\r\n",
      "25\r\n",
      "250Ok\r\n",
      "2x0 Ok\r\n",
      "150 Ok\r\n",
      "650 Ok\r\n",
      "HTTP/1.1 200 OK\r\n",
      "250-one\r\n550 two\r\n",
      "550-one\r\n250 two\r\n",
  };
  for (const char* stage : kStages) {
    for (const char* reply : replies) {
      SCOPED_TRACE(std::string(stage) + ": " + reply);
      ScriptedSmtpServer server(Script{{stage, {reply}}});
      expect_error(submit(server, submission_of()), Permanence::temporary, stage);
    }
  }
}

TEST_F(MisbehaviourTest, TheRightWordAtTheWrongTimeIsNoSuccess) {
  ScriptedSmtpServer too_early(Script{{"DATA", {"250 2.0.0 Ok: queued\r\n"}}});
  expect_error(submit(too_early, submission_of()), Permanence::temporary, "DATA");
  ScriptedSmtpServer too_late(Script{{".", {"354 go on\r\n"}}});
  expect_error(submit(too_late, submission_of()), Permanence::temporary, ".");
}

TEST_F(MisbehaviourTest, ClosingAtEachStageIsTemporary) {
  for (const char* stage : kStages) {
    for (const char* text : {"", "2", "250-half a reply\r\n"}) {
      SCOPED_TRACE(std::string(stage) + ": " + text);
      ScriptedSmtpServer server(Script{{stage, {text, Misdeed::close}}});
      expect_error(submit(server, submission_of()), Permanence::temporary, stage);
    }
  }
}

TEST_F(MisbehaviourTest, EndlessAnswersAreCutShort) {
  for (const char* stage : kStages) {
    for (const Misdeed misdeed : {Misdeed::endless_line, Misdeed::endless_lines}) {
      SCOPED_TRACE(stage);
      ScriptedSmtpServer server(Script{{stage, {"", misdeed}}});
      const auto answer = submit(server, submission_of());
      expect_error(answer, Permanence::temporary, stage);
      EXPECT_THAT(answer.error().what, Not(HasSubstr("timed out")));
    }
  }
}

TEST_F(MisbehaviourTest, SilenceAndDripEndAtTheDeadline) {
  for (const char* stage : kStages) {
    for (const Misdeed misdeed : {Misdeed::silence, Misdeed::drip}) {
      SCOPED_TRACE(stage);
      ScriptedSmtpServer server(Script{{stage, {"", misdeed}}});
      SubmitterOptions chosen = options(server);
      chosen.timeout = Milliseconds(100);
      // Whichever is sooner, the submitter's own or the caller's.
      const auto own =
          make_submitter(chosen)->submit(submission_of(), Deadline::after(Milliseconds(30'000)));
      expect_error(own, Permanence::temporary, stage);
      EXPECT_THAT(own.error().what, HasSubstr("timed out"));
    }
  }
  ScriptedSmtpServer server(Script{{"MAIL", {"", Misdeed::silence}}});
  const auto callers =
      make_submitter(options(server))->submit(submission_of(), Deadline::after(Milliseconds(100)));
  expect_error(callers, Permanence::temporary, "MAIL");
}

TEST_F(MisbehaviourTest, AServerThatStopsReadingEndsAtTheDeadline) {
  // It says 354 and then listens no more: the message is larger than what sockets buffer.
  ScriptedSmtpServer server(Script{{"DATA", {"354 go on\r\n", Misdeed::endless_line}}});
  SubmitterOptions chosen = options(server);
  chosen.timeout = Milliseconds(300);
  const std::string bytes(32U << 20U, 'a');
  const auto answer =
      make_submitter(chosen)->submit(submission_of(bytes), Deadline::after(Milliseconds(30'000)));
  expect_error(answer, Permanence::temporary, "message");
}

TEST_F(MisbehaviourTest, ABadGoodbyeChangesNothing) {
  for (const test::SmtpAnswer& goodbye : {test::SmtpAnswer{"500 5.5.1 what?\r\n"},
                                          {"", Misdeed::close},
                                          {"", Misdeed::endless_line}}) {
    ScriptedSmtpServer server(Script{{"QUIT", goodbye}});
    const auto answer = submit(server, submission_of());
    ASSERT_TRUE(answer) << answer.error().what;
    EXPECT_EQ(*answer, "250 2.0.0 Ok: queued as 4Xyz");
  }
}

TEST_F(MisbehaviourTest, NobodyThereIsTemporary) {
  std::unique_ptr<ports::Submitter> submitter;
  {
    ScriptedSmtpServer server;
    submitter = make_submitter(options(server));
  }
  const auto answer = submitter->submit(submission_of(), Deadline::after(Milliseconds(30'000)));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().permanence, Permanence::temporary);
  EXPECT_THAT(answer.error().what, HasSubstr("connect"));
}

TEST_F(MisbehaviourTest, TheTokenIsInNoError) {
  const auto time = std::chrono::system_clock::to_time_t(clock_.wall() + std::chrono::minutes(10));
  const std::string expires = std::to_string(time);
  for (const char* stage : {"DATA", "."}) {
    ScriptedSmtpServer server(Script{{stage, {"554 5.7.1 X-Postern\r\n"}}});
    const auto answer = submit(server, submission_of());
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().what, Not(HasSubstr(expires)));
  }
}

TEST_F(MisbehaviourTest, ManyAtOnceAreServedOneByOne) {
  ScriptedSmtpServer server;
  const auto submitter = make_submitter(options(server));
  std::vector<std::thread> threads;
  std::vector<int> done(8, 0);
  for (int& mark : done) {
    threads.emplace_back([&submitter, &mark] {
      const auto answer = submitter->submit(submission_of(), Deadline::after(Milliseconds(30'000)));
      mark = answer ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(done, testing::Each(1));
}

}  // namespace
}  // namespace postern::smtp
