// What is remembered of a provider's network, and for how long.
#include "adapters/spf/provider_networks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "adapters/spf/checker.h"
#include "support/fake_resolver.h"
#include "support/manual_clock.h"

namespace postern::spf {
namespace {

using ports::Membership;
using std::chrono::hours;
using std::chrono::minutes;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kRecord = "spf.ravens.example";
constexpr const char* kInside = "203.0.113.9";
constexpr const char* kOutside = "198.51.100.9";

class Networks : public testing::Test {
 protected:
  void publish(const std::string& record) { resolver_.add_txt(kRecord, record); }
  Membership ask(const char* client, const char* record = kRecord) {
    return networks_.ask(record, *IpAddress::parse(client), Deadline::after(minutes(1)));
  }
  std::vector<std::string> known(const char* client) {
    return networks_.known_networks(*IpAddress::parse(client));
  }
  std::size_t questions() const { return resolver_.asked().size(); }

  test::FakeResolver resolver_;
  test::ManualClock clock_;
  Checker checker_{resolver_};
  CachedProviderNetworks networks_{checker_, clock_, {.most_clients = 3}};
};

TEST_F(Networks, AreWhatTheRecordPasses) {
  publish("v=spf1 ip4:203.0.113.0/25 ip6:2001:db8:7::/48 ?ip4:203.0.113.200 ~all");
  EXPECT_EQ(ask(kInside), Membership::member);
  EXPECT_EQ(ask("::ffff:203.0.113.9"), Membership::member);
  EXPECT_EQ(ask("2001:db8:7::1"), Membership::member);
  EXPECT_EQ(ask("203.0.113.200"), Membership::stranger) << "neutral is no pass";
  EXPECT_EQ(ask(kOutside), Membership::stranger);
}

TEST_F(Networks, ARecordThatIsNotThereOrNotSoundAdmitsNobody) {
  EXPECT_EQ(ask(kInside, "none.example"), Membership::stranger);
  resolver_.add_txt("two.example", "v=spf1 ip4:203.0.113.9");
  resolver_.add_txt("two.example", "v=spf1 +all");
  EXPECT_EQ(ask(kInside, "two.example"), Membership::stranger);
}

TEST_F(Networks, AreAskedOnceInAQuarterOfAnHour) {
  publish("v=spf1 ip4:203.0.113.0/25 -all");
  EXPECT_EQ(ask(kInside), Membership::member);
  EXPECT_EQ(ask(kOutside), Membership::stranger);
  const std::size_t asked = questions();
  clock_.advance(minutes(14));
  EXPECT_EQ(ask(kInside), Membership::member);
  EXPECT_EQ(ask(kOutside), Membership::stranger);
  EXPECT_EQ(questions(), asked);
  clock_.advance(minutes(1));
  EXPECT_EQ(ask(kInside), Membership::member);
  EXPECT_GT(questions(), asked);
}

TEST_F(Networks, AreUnknownWhileTheDnsIsAwayUnlessTheyWereKnownToday) {
  resolver_.add_txt(kRecord, "v=spf1 include:all.ravens.example -all");
  resolver_.add_txt("all.ravens.example", "v=spf1 ip4:203.0.113.0/25 -all");
  EXPECT_EQ(ask(kInside), Membership::member);
  EXPECT_EQ(ask(kOutside), Membership::stranger);
  resolver_.fail("all.ravens.example");
  clock_.advance(hours(1));
  EXPECT_EQ(ask(kInside), Membership::member);
  EXPECT_EQ(ask(kOutside), Membership::stranger);
  EXPECT_EQ(ask("203.0.113.10"), Membership::unknown) << "of this one nothing was known";
  EXPECT_THAT(known(kInside), ElementsAre(kRecord));
  clock_.advance(hours(23));
  EXPECT_EQ(ask(kInside), Membership::unknown);
  EXPECT_THAT(known(kInside), IsEmpty());
}

TEST_F(Networks, AreKnownOnlyOfWhomOneHasAsked) {
  publish("v=spf1 ip4:203.0.113.0/25 -all");
  EXPECT_THAT(known(kInside), IsEmpty());
  EXPECT_EQ(questions(), 0U) << "known_networks() never asks";
  ask(kInside);
  ask(kOutside);
  EXPECT_THAT(known(kInside), ElementsAre(kRecord));
  EXPECT_THAT(known(kOutside), IsEmpty());
}

// Whoever comes from many addresses cannot make it grow.
TEST_F(Networks, AreRememberedOfSoManyClientsAndNoMore) {
  publish("v=spf1 ip4:203.0.113.0/24 -all");
  for (int last = 1; last <= 4; ++last) {
    ask(("203.0.113." + std::to_string(last)).c_str());
  }
  int remembered = 0;
  for (int last = 1; last <= 4; ++last) {
    if (!known(("203.0.113." + std::to_string(last)).c_str()).empty()) ++remembered;
  }
  EXPECT_LE(remembered, 3);
  EXPECT_THAT(known("203.0.113.4"), ElementsAre(kRecord)) << "the newest is";
}

TEST_F(Networks, AreAskedByManyAtOnce) {
  publish("v=spf1 ip4:203.0.113.0/25 -all");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int last = 1; last <= 50; ++last) {
        const std::string client = "203.0.113." + std::to_string(last + i);
        EXPECT_EQ(ask(client.c_str()), Membership::member);
        known(client.c_str());
      }
    });
  }
}

}  // namespace
}  // namespace postern::spf
