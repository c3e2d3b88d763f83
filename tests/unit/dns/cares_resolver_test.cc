// Asking a real server: what it says, what it does not say, and what it says wrongly.
#include "adapters/dns/cares_resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "support/dns_server.h"

namespace postern {
namespace {

using ports::DnsAnswer;
using ports::DnsType;
using test::DnsFault;
using test::DnsZone;
using testing::Contains;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Status = DnsAnswer::Status;

constexpr std::chrono::seconds kLong{60};

class Asking : public testing::Test {
 protected:
  dns::Options options(Milliseconds try_timeout = kLong, int tries = 2) const {
    dns::Options options;
    options.servers = {{IpAddress::parse("127.0.0.1").value(), server_.port()}};
    options.try_timeout = try_timeout;
    options.tries = tries;
    return options;
  }
  Result<DnsAnswer> ask(const std::string& name, DnsType type) {
    dns::CaresResolver resolver(options());
    return resolver.query(name, type, Deadline::after(kLong));
  }
  void expect_failure(const Result<DnsAnswer>& answer, const std::string& named) {
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().permanence, Permanence::temporary);
    EXPECT_THAT(answer.error().what, HasSubstr(named));
  }
  test::DnsServer server_;
};

TEST_F(Asking, GivesTheRecordsOfTheTypeAskedFor) {
  DnsZone zone;
  zone.address("got.com", "192.0.2.1").address("got.com", "2001:db8::1");
  zone.mx("got.com", 20, "MX2.got.com").mx("got.com", 10, "mx1.got.com");
  zone.at("got.com").texts = {{"v=spf1 ip4:", "192.0.2.1 -all"}, {"other"}};
  zone.mx("null.got.com", 0, "");
  zone.ptr("1.2.0.192.in-addr.arpa", "Mail.Got.Com");
  server_.serve(zone);

  const auto a = ask("GOT.com", DnsType::a);
  ASSERT_TRUE(a.ok()) << a.error().what;
  EXPECT_EQ(a->status, Status::found);
  EXPECT_THAT(a->addresses, ElementsAre(IpAddress::parse("192.0.2.1").value()));
  EXPECT_THAT(a->texts, IsEmpty());
  EXPECT_THAT(ask("got.com", DnsType::aaaa)->addresses,
              ElementsAre(IpAddress::parse("2001:db8::1").value()));
  const auto mx = ask("got.com", DnsType::mx);
  ASSERT_EQ(mx->mx.size(), 2U);
  EXPECT_EQ(mx->mx[0].preference, 20);
  EXPECT_EQ(mx->mx[0].host, "mx2.got.com");
  const auto null_mx = ask("null.got.com", DnsType::mx);
  ASSERT_EQ(null_mx->mx.size(), 1U);
  EXPECT_EQ(null_mx->mx[0].host, "");
  EXPECT_THAT(ask("got.com", DnsType::txt)->texts,
              ElementsAre("v=spf1 ip4:192.0.2.1 -all", "other"));
  EXPECT_THAT(ask("1.2.0.192.in-addr.arpa", DnsType::ptr)->names, ElementsAre("mail.got.com"));
}

TEST_F(Asking, TellsNoDomainFromNoData) {
  server_.serve(DnsZone().address("deep.below.got.com", "192.0.2.1"));
  EXPECT_EQ(ask("deep.below.got.com", DnsType::txt)->status, Status::no_data);
  EXPECT_EQ(ask("below.got.com", DnsType::txt)->status, Status::no_data);
  EXPECT_EQ(ask("nobody.example", DnsType::txt)->status, Status::no_domain);
}

TEST_F(Asking, FollowsAliasesWhetherTheServerDoesOrNot) {
  DnsZone zone;
  zone.alias("www.got.com", "Host.got.com").alias("host.got.com", "real.got.com");
  zone.address("real.got.com", "192.0.2.1");
  zone.alias("lost.got.com", "nowhere.example");
  for (const bool follows : {true, false}) {
    zone.follows_aliases = follows;
    server_.serve(zone);
    const auto answer = ask("www.got.com", DnsType::a);
    ASSERT_TRUE(answer.ok()) << answer.error().what;
    EXPECT_EQ(answer->addresses.size(), 1U);
    EXPECT_EQ(ask("www.got.com", DnsType::txt)->status, Status::no_data);
    EXPECT_EQ(ask("lost.got.com", DnsType::a)->status, Status::no_domain);
  }
}

TEST_F(Asking, AliasesInACircleAreATemporaryError) {
  DnsZone zone;
  zone.alias("a.example", "b.example").alias("b.example", "A.example");
  for (const bool follows : {true, false}) {
    zone.follows_aliases = follows;
    server_.serve(zone);
    expect_failure(ask("a.example", DnsType::a), "a.example A");
  }
}

TEST_F(Asking, WhatDoesNotFitADatagramComesOverTcp) {
  DnsZone zone;
  zone.text("small.got.com", std::string(900, 'a'));
  zone.text("large.got.com", std::string(20'000, 'b'));
  zone.text("cut.got.com", "c").fault("cut.got.com", DnsFault::truncated);
  server_.serve(zone);
  EXPECT_THAT(ask("small.got.com", DnsType::txt)->texts, ElementsAre(std::string(900, 'a')));
  EXPECT_THAT(server_.asked(), Not(Contains(EndsWith("tcp"))));
  EXPECT_THAT(ask("large.got.com", DnsType::txt)->texts, ElementsAre(std::string(20'000, 'b')));
  EXPECT_THAT(ask("cut.got.com", DnsType::txt)->texts, ElementsAre("c"));
  EXPECT_THAT(server_.asked(), Contains("large.got.com 16 tcp"));
  EXPECT_THAT(server_.asked(), Contains("cut.got.com 16 tcp"));
}

TEST_F(Asking, AServerThatFailsIsATemporaryErrorThatNamesTheQuestion) {
  DnsZone zone;
  const std::pair<const char*, DnsFault> faults[] = {
      {"servfail.example", DnsFault::servfail},
      {"refused.example", DnsFault::refused},
      {"garbage.example", DnsFault::garbage},
      {"short.example", DnsFault::cut_short},
  };
  for (const auto& [name, fault] : faults) zone.text(name, "v=spf1 +all").fault(name, fault);
  server_.serve(zone);
  for (const auto& [name, fault] : faults) {
    expect_failure(ask(name, DnsType::txt), std::string(name) + " TXT");
  }
}

TEST_F(Asking, ASilentServerAndAForgedAnswerAreWaitedForNoLongerThanTheDeadline) {
  DnsZone zone;
  const std::pair<const char*, DnsFault> faults[] = {
      {"silent.example", DnsFault::silence},
      {"forged.example", DnsFault::wrong_id},
      {"mistaken.example", DnsFault::wrong_question},
  };
  for (const auto& [name, fault] : faults) zone.text(name, "v=spf1 +all").fault(name, fault);
  zone.text("good.example", "good");
  server_.serve(zone);
  dns::CaresResolver resolver(options());
  for (const auto& [name, fault] : faults) {
    expect_failure(resolver.query(name, DnsType::txt, Deadline::after(Milliseconds(150))),
                   std::string(name) + " TXT: no answer in time");
  }
  EXPECT_TRUE(resolver.query("good.example", DnsType::txt, Deadline::after(kLong)).ok());
}

TEST_F(Asking, TriesRunOutBeforeTheDeadline) {
  server_.serve(DnsZone().fault("silent.example", DnsFault::silence));
  dns::CaresResolver resolver(options(Milliseconds(50), 2));
  expect_failure(resolver.query("silent.example", DnsType::a, Deadline::after(kLong)),
                 "silent.example A");
  EXPECT_THAT(server_.asked(), ElementsAre("silent.example 1 udp", "silent.example 1 udp"));
}

TEST_F(Asking, NobodyListeningIsATemporaryError) {
  dns::Options options = this->options(Milliseconds(100));
  {
    const test::DnsServer gone;
    options.servers.front().port = gone.port();
  }
  dns::CaresResolver resolver(options);
  expect_failure(resolver.query("got.com", DnsType::mx, Deadline::after(kLong)), "got.com MX");
}

TEST_F(Asking, TheNextServerIsAskedWhereTheFirstRefuses) {
  test::DnsServer refusing(DnsZone().fault("got.com", DnsFault::refused));
  server_.serve(DnsZone().address("got.com", "192.0.2.1"));
  dns::Options options = this->options();
  options.servers.insert(options.servers.begin(),
                         {IpAddress::parse("127.0.0.1").value(), refusing.port()});
  dns::CaresResolver resolver(options);
  const auto answer = resolver.query("got.com", DnsType::a, Deadline::after(kLong));
  ASSERT_TRUE(answer.ok()) << answer.error().what;
  EXPECT_EQ(answer->addresses.size(), 1U);
}

TEST_F(Asking, WhatIsNoNameIsNeverSent) {
  for (const std::string& name :
       {std::string(), std::string("got..com"), std::string(64, 'a') + ".com",
        std::string("b\xfc"
                    "cher.example"),
        std::string("a\0b.com", 7)}) {
    const auto answer = ask(name, DnsType::txt);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, Status::no_domain);
  }
  EXPECT_THAT(server_.asked(), IsEmpty());
}

TEST_F(Asking, NamesAreAskedForAsTheyAreAndNeverCompleted) {
  DnsZone zone;
  for (const char* const name :
       {"intranet", "a b.example", "a\\b.example", "foo:bar/baz.example"}) {
    zone.text(name, "found");
  }
  server_.serve(zone);
  for (const auto& [name, node] : zone.nodes()) {
    EXPECT_THAT(ask(name, DnsType::txt)->texts, ElementsAre("found")) << name;
    EXPECT_THAT(server_.asked(), Contains(name + " 16 udp"));
  }
  EXPECT_EQ(server_.asked().size(), zone.nodes().size());
}

TEST_F(Asking, TooManyRecordsAreATemporaryErrorRatherThanHalfAnAnswer) {
  DnsZone zone;
  for (int i = 0; i < 1200; ++i) {
    zone.address("many.example", "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256));
  }
  server_.serve(zone);
  expect_failure(ask("many.example", DnsType::a), "many.example A: too many records");
}

TEST_F(Asking, SaysHowLongAnAnswerMayBeKept) {
  DnsZone zone;
  zone.ttl = 77;
  zone.negative_ttl = 33;
  zone.address("got.com", "192.0.2.1");
  server_.serve(zone);
  dns::CaresResolver resolver(options());
  const auto deadline = Deadline::after(kLong);
  EXPECT_EQ(resolver.query_timed("got.com", DnsType::a, deadline)->ttl.count(), 77);
  EXPECT_EQ(resolver.query_timed("got.com", DnsType::mx, deadline)->ttl.count(), 33);
  EXPECT_EQ(resolver.query_timed("nobody.example", DnsType::mx, deadline)->ttl.count(), 33);
  zone.gives_soa = false;
  server_.serve(zone);
  EXPECT_EQ(resolver.query_timed("got.com", DnsType::mx, deadline)->ttl.count(), 0);
}

TEST_F(Asking, ManyThreadsAskAtOnce) {
  DnsZone zone;
  for (int i = 0; i < 40; ++i) zone.text("n" + std::to_string(i) + ".example", std::to_string(i));
  server_.serve(zone);
  dns::CaresResolver resolver(options(Milliseconds(5000), 4));
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 40; ++i) {
        const auto answer = resolver.query("n" + std::to_string(i) + ".example", DnsType::txt,
                                           Deadline::after(kLong));
        if (!answer || answer->texts != std::vector<std::string>{std::to_string(i)}) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace postern
