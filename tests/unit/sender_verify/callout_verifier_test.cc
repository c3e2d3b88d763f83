// Servers are asked no more than needed, and nobody waits longer than he said.
#include "adapters/sender_verify/callout_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

#include "fake_resolver.h"
#include "support/eventually.h"
#include "support/manual_clock.h"
#include "support/scripted_server.h"

namespace postern::sender_verify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::ScriptedServer;
using testing::HasSubstr;
using Verdict = decide::SenderStanding::Verdict;

class Verifier : public testing::Test {
 protected:
  // An SMTP server for many clients at once, that says `rcpt_` to RCPT and holds its greeting back
  // while it is told to.
  Verifier()
      : server_([this](ScriptedServer::Connection& client) {
          const bool released = test::eventually([this] { return !held_; });
          if (!released || !client.send("220 mx.test\r\n")) return;
          client.read_until("EHLO postern.test\r\n");
          client.send("250 mx.test\r\n");
          client.read_until("MAIL FROM:<>\r\n");
          client.send("250 ok\r\n");
          client.read_until("RCPT TO:");
          client.send(rcpt_ == 0 ? "250 ok\r\n" : std::to_string(rcpt_) + " no\r\n");
          client.read_until("QUIT\r\n");
        }) {
    for (const char* const domain : {"got.com", "stark.net"}) {
      resolver_.address(domain, {"127.0.0.1"});
    }
    options_.rules.helo_name = "postern.test";
    options_.rules.port = server_.port();
    options_.rules.allow_private_addresses = true;
    options_.budget = Milliseconds(60'000);
  }
  ~Verifier() override { held_ = false; }

  CalloutSenderVerifier& verifier() {
    if (!verifier_) {
      verifier_ = std::make_unique<CalloutSenderVerifier>(options_, resolver_, clock_);
    }
    return *verifier_;
  }
  decide::SenderStanding ask(const std::string& sender,
                             Milliseconds patience = Milliseconds(60'000)) {
    return verifier().verify(*mail::Address::parse(sender), Deadline::after(patience));
  }
  std::future<decide::SenderStanding> ask_aside(const std::string& sender) {
    verifier();
    return std::async(std::launch::async, [this, sender] { return ask(sender); });
  }
  bool connections_become(int count) {
    return test::eventually([&] { return server_.connections() == count; });
  }

  std::atomic<bool> held_ = false;
  std::atomic<int> rcpt_ = 0;
  test::FakeResolver resolver_;
  test::ManualClock clock_;
  CalloutOptions options_;
  ScriptedServer server_;
  std::unique_ptr<CalloutSenderVerifier> verifier_;
};

TEST_F(Verifier, RemembersWhatItWasTold) {
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::exists);
  rcpt_ = 550;
  clock_.advance(hours(7 * 24) - Milliseconds(1));
  EXPECT_EQ(ask("JON@got.com").verdict, Verdict::exists);
  EXPECT_EQ(server_.connections(), 1);
  clock_.advance(Milliseconds(1));
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::does_not_exist);
  EXPECT_EQ(server_.connections(), 2);
  clock_.advance(hours(2));
  EXPECT_THAT(ask("jon@got.com").why, HasSubstr("550 no"));
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(Verifier, AsksAgainSoonWhereNobodyCouldTell) {
  rcpt_ = 450;
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::unknown);
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::unknown);
  EXPECT_EQ(server_.connections(), 1);
  rcpt_ = 0;
  clock_.advance(minutes(15));
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::exists);
  // An answer stays in force while asking again brings nothing.
  rcpt_ = 450;
  clock_.advance(hours(8 * 24));
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::exists);
  EXPECT_EQ(server_.connections(), 3);
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::exists);
  EXPECT_EQ(server_.connections(), 3);
}

TEST_F(Verifier, SendsOneProbeForAnAddressHoweverManyAsk) {
  held_ = true;
  std::vector<std::future<decide::SenderStanding>> asking;
  for (int one = 0; one < 8; ++one) asking.push_back(ask_aside("jon@got.com"));
  ASSERT_TRUE(connections_become(1));
  // One of them has less time than the others.
  const auto hasty = ask("jon@got.com", Milliseconds(50));
  EXPECT_EQ(hasty.verdict, Verdict::unknown);
  EXPECT_THAT(hasty.why, HasSubstr("under way"));
  held_ = false;
  for (auto& one : asking) EXPECT_EQ(one.get().verdict, Verdict::exists);
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(Verifier, SendsTwoProbesToADomainAtATime) {
  held_ = true;
  auto first = ask_aside("a@got.com");
  auto second = ask_aside("b@got.com");
  ASSERT_TRUE(connections_become(2));
  const auto third = ask("c@got.com");
  EXPECT_EQ(third.verdict, Verdict::unknown);
  EXPECT_THAT(third.why, HasSubstr("too many"));
  auto other_domain = ask_aside("a@stark.net");
  ASSERT_TRUE(connections_become(3));
  held_ = false;
  EXPECT_EQ(first.get().verdict, Verdict::exists);
  EXPECT_EQ(second.get().verdict, Verdict::exists);
  EXPECT_EQ(other_domain.get().verdict, Verdict::exists);
  // That it was too much is nothing to remember.
  EXPECT_EQ(ask("c@got.com").verdict, Verdict::exists);
}

TEST_F(Verifier, DoesNotWaitForAProbeWhileAnAnswerIsBelieved) {
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::exists);
  clock_.advance(hours(8 * 24));
  held_ = true;
  auto again = ask_aside("jon@got.com");
  ASSERT_TRUE(connections_become(2));
  EXPECT_EQ(ask("jon@got.com").verdict, Verdict::exists);
  held_ = false;
  EXPECT_EQ(again.get().verdict, Verdict::exists);
}

TEST_F(Verifier, KeepsToItsBudgetAndToTheCallersDeadline) {
  held_ = true;
  EXPECT_EQ(ask("a@got.com", Milliseconds(100)).verdict, Verdict::unknown);
  options_.budget = Milliseconds(100);
  verifier_.reset();
  EXPECT_EQ(ask("b@got.com").verdict, Verdict::unknown);
}

TEST_F(Verifier, LeavesDomainsAloneThatOptedOut) {
  options_.opt_out = {"got.com"};
  for (const char* const sender : {"jon@got.com", "jon@mail.got.com"}) {
    const auto standing = ask(sender);
    EXPECT_EQ(standing.verdict, Verdict::unknown);
    EXPECT_THAT(standing.why, HasSubstr("not to be asked"));
  }
  EXPECT_EQ(server_.connections(), 0);
  EXPECT_EQ(ask("jon@notgot.com").verdict, Verdict::does_not_exist) << "no such domain";
}

TEST_F(Verifier, RemembersABoundedNumber) {
  options_.most_entries = 2;
  for (const char* const sender : {"a@got.com", "b@got.com", "c@got.com"}) ask(sender);
  EXPECT_EQ(server_.connections(), 3);
  ask("c@got.com");
  EXPECT_EQ(server_.connections(), 3);
  ask("a@got.com");
  EXPECT_EQ(server_.connections(), 4);
}

TEST_F(Verifier, AStopEndsWhatIsUnderWay) {
  held_ = true;
  auto asking = ask_aside("jon@got.com");
  ASSERT_TRUE(connections_become(1));
  verifier().stop();
  EXPECT_EQ(asking.get().verdict, Verdict::unknown);
}

}  // namespace
}  // namespace postern::sender_verify
