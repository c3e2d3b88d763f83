// What Postfix can rely on from the milter: a real server process, spoken to as Postfix speaks.
#include <gtest/gtest.h>
#include <libmilter/mfapi.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "unit/server/milter_fixture.h"
#include "unit/server/raw_client.h"

namespace postern::server {
namespace {

TEST_F(MilterTest, NegotiatesWhatTheSessionNeeds) {
  start();
  const auto one = connect();
  ASSERT_TRUE(one->negotiate());
  EXPECT_EQ(one->actions(), SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY | SMFIF_ADDRCPT |
                                SMFIF_ADDRCPT_PAR | SMFIF_DELRCPT | SMFIF_CHGFROM |
                                SMFIF_SETSYMLIST);
  // DATA is asked for and every step answered: what nobody answers stalls Postfix on TCP.
  EXPECT_EQ(one->steps(), SMFIP_HDR_LEADSPC | SMFIP_SKIP | SMFIP_NOUNKNOWN);
}

TEST_F(MilterTest, AnMtaThatOffersTooLittleIsRefused) {
  start();
  EXPECT_FALSE(connect()->negotiate(0x1ff, 0x1fffff & ~SMFIP_HDR_LEADSPC));
  EXPECT_FALSE(connect()->negotiate(0x1ff & ~SMFIF_CHGHDRS, 0x1fffff));
  expect_alive();
}

TEST_F(MilterTest, AnMtaThatWaitsForEveryReplyGetsThem) {
  start();
  const auto one = connect();
  constexpr std::uint32_t kNoReply = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_HDR;
  ASSERT_TRUE(one->negotiate(0x1ff, 0x1fffff & ~kNoReply));
  EXPECT_EQ(one->steps() & kNoReply, 0U);
  ASSERT_TRUE(one->connection("mail.example.org", '4', 40000, "203.0.113.9"));
  ASSERT_TRUE(one->helo("mail.example.org"));
  EXPECT_EQ(shown(deliver(*one, mail_to("<jon@got.com>")).end), "c");
}

TEST_F(MilterTest, CleanMailGetsItsIdAboveEverything) {
  start();
  const auto one = client();
  const MilterOutcome outcome = deliver(*one, mail_to("<jon@got.com>"));
  EXPECT_EQ(shown(outcome.mail), "c");
  EXPECT_EQ(shown(outcome.recipients), std::vector<std::string>{"c"});
  EXPECT_EQ(shown(outcome.end), "c");
  ASSERT_FALSE(outcome.changes.empty());
  const std::string id = shown(outcome.changes.front());
  EXPECT_TRUE(id.starts_with("i 0 X-Postern-Id| ")) << id;
}

TEST_F(MilterTest, AMessageWithoutHeaderFieldsIsAnswered) {
  start();
  const auto one = client();
  MilterMail mail = mail_to("<jon@got.com>");
  mail.headers.clear();
  EXPECT_EQ(shown(deliver(*one, mail).end), "c");
}

TEST_F(MilterTest, TheMessageIsChangedAsDecided) {
  start();
  const auto one = client();
  MilterMail mail = mail_to("<\"Jon\"@ALIAS.com>");
  mail.recipients.front().push_back("NOTIFY=FAILURE");
  mail.headers.emplace_back("X-Postern-Id", " forged");
  mail.headers.emplace_back("X-Test-Score", " 8");
  const MilterOutcome outcome = deliver(*one, mail);
  EXPECT_TRUE(shown(outcome.end).starts_with("y 451 4.3.0 "))
      << "spam is to be kept, without a vault";
  mail.headers.back().second = " 1";
  const auto changes = shown(deliver(*one, mail).changes);
  const auto has = [&changes](const std::string& change) {
    return std::find(changes.begin(), changes.end(), change) != changes.end();
  };
  EXPECT_TRUE(has("m 1 x-postern-id|")) << testing::PrintToString(changes);
  EXPECT_TRUE(has("- <\"Jon\"@ALIAS.com>")) << testing::PrintToString(changes);
  EXPECT_TRUE(has("2 Jon@got.com|NOTIFY=FAILURE ORCPT=rfc822;Jon@alias.com"))
      << testing::PrintToString(changes);
  EXPECT_TRUE(has("i 0 X-Spam-Score| 1.0")) << testing::PrintToString(changes);
}

TEST_F(MilterTest, RefusalsCarryTheirReply) {
  start();
  const auto one = client();
  const MilterOutcome foreign = deliver(*one, mail_to("<who@elsewhere.example>"));
  EXPECT_TRUE(shown(foreign.end).starts_with("y 554 5.7.1 ")) << shown(foreign.end);
  MilterMail two = mail_to("<who@elsewhere.example>");
  two.recipients.push_back({"<jon@got.com>"});
  const MilterOutcome mixed = deliver(*one, two);
  ASSERT_EQ(mixed.recipients.size(), 2U);
  EXPECT_TRUE(shown(mixed.recipients[0]).starts_with("y 554 5.7.1 "));
  EXPECT_EQ(shown(mixed.recipients[1]), "c");
  EXPECT_EQ(shown(mixed.end), "c");
  MilterMail spam = mail_to("<jon@got.com>");
  spam.body.assign(9 * 1024 * 1024, 'x');  // the policy says 8 MiB
  const MilterOutcome large = deliver(*one, spam);
  EXPECT_TRUE(shown(large.end).starts_with("y 552 5.3.4 ")) << shown(large.end);
}

TEST_F(MilterTest, WithoutAPolicyMailIsPutOffAtMail) {
  start({"no-policy"});
  const auto one = client();
  const MilterOutcome outcome = deliver(*one, mail_to("<jon@got.com>"));
  EXPECT_TRUE(shown(outcome.mail).starts_with("y 421 4.3.2 ")) << shown(outcome.mail);
  EXPECT_TRUE(outcome.recipients.empty());
}

struct FactCase {
  std::string name;
  test::Macros macros;
  std::string expected;  // the beginning of the reply that ends it
};

// None of these macros is sent by Postfix unasked, but for the last two.
TEST_F(MilterTest, WhatTheMtaKnowsReachesTheSession) {
  start();
  const std::vector<FactCase> cases = {
      {"a stranger", {}, "c"},
      {"a customer's network, a foreign sender", {{"{client_addr}", "192.0.2.7"}}, "y 553 5.7.1 "},
      {"a login whose policy lets nothing out", {{"{auth_authen}", "jon@got.com"}}, "y 5"},
      {"the submit listener without a token",
       {{"{daemon_name}", "postern-submit"}},
       "y 550 5.7.1 "},
  };
  for (const FactCase& each : cases) {
    const auto one = client(each.macros);
    const std::string end = shown(deliver(*one, mail_to("<jon@got.com>")).end);
    EXPECT_TRUE(end.starts_with(each.expected)) << each.name << ": " << end;
  }
}

TEST_F(MilterTest, FactsAreThoseOfTheTransactionNotOfTheConnection) {
  start();
  const auto one = client();
  EXPECT_EQ(shown(deliver(*one, mail_to("<jon@got.com>")).end), "c");
  one->macros()["{auth_authen}"] = "jon@got.com";
  EXPECT_TRUE(shown(deliver(*one, mail_to("<jon@got.com>")).mail).starts_with("y 5"));
  one->macros().erase("{auth_authen}");
  ASSERT_TRUE(one->helo("again.example.org"));
  EXPECT_EQ(shown(deliver(*one, mail_to("<jon@got.com>")).end), "c");
}

TEST_F(MilterTest, MailOfSendmailHasNoClientAndNoBrackets) {
  start();
  const auto one = connect();
  ASSERT_TRUE(one->negotiate());
  // The address is one that an outside client would be refused with.
  one->macros() = {{"{client_addr}", "192.0.2.7"}, {"{daemon_name}", "mx.postern.test"}};
  ASSERT_TRUE(one->connection("localhost", '4', 0, "127.0.0.1"));
  ASSERT_TRUE(one->helo("localhost"));
  MilterMail mail = mail_to("jon@got.com");
  mail.mail = {"someone@example.org"};
  EXPECT_EQ(shown(deliver(*one, mail).end), "c");
  mail.mail = {""};  // the null sender, as pickup writes it
  EXPECT_EQ(shown(deliver(*one, mail).mail), "c");
}

TEST_F(MilterTest, AnUnknownKindOfAddressIsNoFault) {
  start();
  const auto one = connect();
  ASSERT_TRUE(one->negotiate());
  ASSERT_TRUE(one->connection("unknown", 'U', 0, ""));
  ASSERT_TRUE(one->helo("x"));
  EXPECT_EQ(shown(deliver(*one, mail_to("<jon@got.com>")).end), "c");
  const auto six = connect();
  ASSERT_TRUE(six->negotiate());
  ASSERT_TRUE(six->connection("[::1]", '6', 40000, "::1"));
  EXPECT_EQ(shown(deliver(*six, mail_to("<jon@got.com>")).end), "c");
}

TEST_F(MilterTest, ResetsAndManyMessagesOnOneConnection) {
  start();
  const auto one = client();
  for (int i = 0; i < 50; ++i) {
    // RSET after MAIL, after RCPT and within the headers.
    ASSERT_TRUE(one->send(SMFIC_MAIL, std::string("<a@example.org>\0", 16)));
    const auto mail = one->receive();
    ASSERT_TRUE(mail);
    ASSERT_EQ(mail->command, 'c');
    if (i % 3 > 0) {
      ASSERT_TRUE(one->send(SMFIC_RCPT, std::string("<jon@got.com>\0", 14)));
      ASSERT_TRUE(one->receive());
    }
    if (i % 3 > 1) {
      ASSERT_TRUE(one->send(SMFIC_HEADER, std::string("Subject\0 x\0", 11)));
      ASSERT_TRUE(one->receive());
    }
    ASSERT_TRUE(one->abort());
    ASSERT_EQ(shown(deliver(*one, mail_to("<jon@got.com>")).end), "c");
  }
}

TEST_F(MilterTest, ConnectionsThatBreakOffLeaveNothingBehind) {
  start();
  for (int i = 0; i < 50; ++i) {
    const auto one = client();
    ASSERT_TRUE(one->send(SMFIC_MAIL, std::string("<a@example.org>\0", 16)));
    ASSERT_TRUE(one->receive());
  }
  expect_alive();
  child_->signal(SIGTERM);
  EXPECT_TRUE(child_->line().starts_with("stopped "));
  EXPECT_EQ(child_->line(), "open transactions 0");
  EXPECT_EQ(child_->wait(), 0);
}

TEST_F(MilterTest, NonsenseEndsItsOwnConnectionOnly) {
  start();
  const std::vector<std::string> hostile = {
      "GET / HTTP/1.0\r\n\r\n",
      std::string("\0\0\0\0", 4),
      std::string("\xff\xff\xff\xff", 4) + "O",
      std::string("\0\0\0\x02O", 5) + "x",
      std::string("\0\0\0\x01M", 5),
      std::string("\0\0\0\x01Q", 5),
      std::string("\0\0\0\x01E", 5),
      std::string("\0\0\0\x0dO\0\0\0\x01\0\0\0\0\0\0\0\0", 17),
  };
  for (const std::string& bytes : hostile) {
    test::RawClient raw(address_);
    raw.send_until_refused(bytes);
    raw.finish_sending();
    raw.receive_all();
  }
  expect_alive();
}

TEST_F(MilterTest, StrangeEnvelopesAndHeadersAreAnswered) {
  start();
  const auto one = client();
  for (const std::string sender : {"<>", "", "<", "<@>", "not an address", "<a@b@c>", "\xff\xfe"}) {
    MilterMail mail = mail_to("<jon@got.com>");
    mail.mail = {sender, "SIZE=99999999999999999999", "=", "BODY"};
    mail.headers.emplace_back("N", "");
    mail.headers.emplace_back(std::string(5000, 'N'), std::string(50'000, '\xff'));
    ASSERT_TRUE(one->deliver(mail)) << sender;
  }
  for (const std::string recipient : {"<>", "", "<", "postmaster", "<@got.com>", "\xff@got.com"}) {
    ASSERT_TRUE(one->deliver(mail_to(recipient))) << recipient;
  }
  EXPECT_EQ(shown(deliver(*one, mail_to("<jon@got.com>")).end), "c");
}

TEST_F(MilterTest, EverySignalReachesTheDaemonAndNotLibmilter) {
  start();
  const auto one = client();
  for (int i = 0; i < 200; ++i) {
    child_->signal(SIGHUP);
    ASSERT_EQ(child_->line(), "hangup") << i;
  }
  EXPECT_EQ(shown(deliver(*one, mail_to("<jon@got.com>")).end), "c") << "still at work";
  expect_alive();
}

TEST_F(MilterTest, TerminatingEndsItWhateverIsOpen) {
  for (const int number : {SIGTERM, SIGINT, SIGTERM}) {
    start();
    const auto idle = connect();
    const auto greeted = client();
    const auto within = client();
    ASSERT_TRUE(within->send(SMFIC_MAIL, std::string("<a@example.org>\0", 16)));
    ASSERT_TRUE(within->receive());
    child_->signal(number);
    const std::string stopped = child_->line();
    EXPECT_TRUE(stopped.starts_with("stopped ")) << stopped;
    EXPECT_EQ(child_->line(), "open transactions 0");
    EXPECT_EQ(child_->wait(), 0);
  }
}

TEST_F(MilterTest, StoppingWaitsForWhatIsBeingDecided) {
  start();
  const auto one = client();
  MilterMail mail = mail_to("<jon@got.com>");
  mail.headers.emplace_back("X-Test-Score", " slow");
  std::thread sender([&] {
    const MilterOutcome outcome = deliver(*one, mail);
    EXPECT_EQ(shown(outcome.end), "c");
  });
  std::this_thread::sleep_for(Milliseconds(300));
  child_->signal(SIGTERM);
  EXPECT_TRUE(child_->line().starts_with("stopped "));
  sender.join();
  EXPECT_EQ(child_->wait(), 0);
}

TEST_F(MilterTest, ASocketLeftBehindDoesNotStopTheNextStart) {
  const std::string address = "unix:" + directory_.file("milter.sock");
  start_at(address);
  child_->signal(SIGKILL);
  EXPECT_EQ(child_->wait(), 128 + SIGKILL);
  ASSERT_TRUE(std::filesystem::exists(address_.unix_path));
  start_at(address);
  expect_alive();
  ChildProcess second({MILTER_UNDER_TEST, address});
  const std::string refused = second.line();
  EXPECT_TRUE(refused.starts_with("error ")) << refused;
  EXPECT_NE(refused.find(address), std::string::npos) << refused;
  EXPECT_EQ(second.wait(), 1);
  expect_alive();
  child_->signal(SIGTERM);
  EXPECT_EQ(child_->wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(address_.unix_path));
}

TEST_F(MilterTest, ChangesAreOnTheWireWhatTheirNamesSay) {
  const std::string address = "unix:" + directory_.file("editor.sock");
  child_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{MILTER_UNDER_TEST, "editor", address});
  ASSERT_EQ(child_->line(), "listening " + address);
  address_ = *ListenAddress::parse(address);
  const auto one = connect();
  ASSERT_TRUE(one->negotiate());
  const MilterOutcome outcome = deliver(*one, mail_to("<To@Example.NET>"));
  EXPECT_EQ(shown(outcome.end), "a");
  EXPECT_EQ(outcome.progress, 1);
  auto changes = shown(outcome.changes);
  std::string body;
  std::erase_if(changes, [&body](const std::string& change) {
    if (!change.starts_with("b")) return false;
    if (change.size() > 2) body += change.substr(2);
    return true;
  });
  EXPECT_EQ(body, std::string(150'000, 'b'));
  EXPECT_EQ(changes,
            (std::vector<std::string>{"h X-Added| at the end", "i 0 X-Inserted| folded\n\tvalue",
                                      "m 2 Subject| new", "m 3 X-Old|", "- <To@Example.NET>",
                                      "+ <new@example.net>", "2 <dsn@example.net>|NOTIFY=NEVER"}));
  std::vector<std::string> said;
  for (int i = 0; i < 17; ++i) said.push_back(child_->line());
  EXPECT_EQ(std::count_if(said.begin(), said.end(),
                          [](const std::string& line) { return line.ends_with(" ok"); }),
            9)
      << testing::PrintToString(said);
}

}  // namespace
}  // namespace postern::server
