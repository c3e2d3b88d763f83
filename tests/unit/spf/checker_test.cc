// What a user of SPF can rely on, with either engine: who is checked, who is not passed for free, and
// what the limits are.
#include <gtest/gtest.h>

#include "adapters/spf/checker.h"
#include "adapters/spf2/checker.h"
#include "support/dns_zone.h"

namespace postern {
namespace {

using decide::SpfResult;
using decide::SpfVerdict;
using test::DnsFault;
using test::DnsZone;

template <typename CheckerT>
class SpfEngine : public testing::Test {
 protected:
  SpfVerdict check(const ports::SpfInput& input,
                   Deadline deadline = Deadline::after(std::chrono::seconds(60))) {
    test::ZoneResolver resolver(zone_);
    CheckerT checker(resolver);
    return checker.check(input, deadline);
  }
  SpfVerdict check(const char* client, const char* sender, const char* helo = "mx.stark.example") {
    return check({IpAddress::parse(client).value(), helo, mail::Address::parse(sender), "mx"});
  }
  SpfVerdict check_domain(const char* domain, const char* client, const char* sender) {
    test::ZoneResolver resolver(zone_);
    CheckerT checker(resolver);
    return checker.check_domain(
        domain,
        {IpAddress::parse(client).value(), "mx.stark.example", mail::Address::parse(sender), "mx"},
        Deadline::after(std::chrono::seconds(60)));
  }
  DnsZone zone_;
};

using Engines = testing::Types<spf::Checker, spf2::Checker>;
TYPED_TEST_SUITE(SpfEngine, Engines);

TYPED_TEST(SpfEngine, TheSendersDomainIsChecked) {
  this->zone_.text("got.example", "v=spf1 ip4:192.0.2.0/24 -all");
  auto verdict = this->check("192.0.2.77", "joffrey@GOT.example");
  EXPECT_EQ(verdict.result, SpfResult::pass);
  EXPECT_EQ(verdict.domain, "got.example");
  EXPECT_FALSE(verdict.by_helo);
  EXPECT_EQ(this->check("192.0.3.1", "joffrey@got.example").result, SpfResult::fail);
  EXPECT_EQ(this->check("::ffff:192.0.2.1", "joffrey@got.example").result, SpfResult::pass);
  EXPECT_EQ(this->check("2001:db8::1", "joffrey@got.example").result, SpfResult::fail);
  EXPECT_EQ(this->check("192.0.2.1", "joffrey@none.example").result, SpfResult::none);
}

TYPED_TEST(SpfEngine, TheNullSenderIsPostmasterAtTheHeloName) {
  this->zone_.text("mx.stark.example", "v=spf1 exists:%{l}.%{o} -all");
  this->zone_.address("postmaster.mx.stark.example", "127.0.0.2");
  const auto verdict = this->check("192.0.2.1", "", "MX.stark.example");
  EXPECT_EQ(verdict.result, SpfResult::pass);
  EXPECT_EQ(verdict.domain, "mx.stark.example");
  EXPECT_TRUE(verdict.by_helo);
}

TYPED_TEST(SpfEngine, ANullSenderWithoutANameHasNothingToCheck) {
  for (const char* const helo :
       {"", "localhost", "[192.0.2.1]", "JUMPIN' JUPITER", "..", "\xff\xff.com"}) {
    const auto verdict = this->check("192.0.2.1", "", helo);
    EXPECT_EQ(verdict.result, SpfResult::none) << helo;
    EXPECT_TRUE(verdict.by_helo);
  }
  EXPECT_EQ(this->check("192.0.2.1", "joffrey@[192.0.2.1]").result, SpfResult::none);
}

TYPED_TEST(SpfEngine, TheLoopbackIsNotPassedForFree) {
  this->zone_.text("got.example", "v=spf1 ip4:192.0.2.1 -all");
  for (const char* const client : {"127.0.0.1", "::1", "127.9.9.9"}) {
    EXPECT_EQ(this->check(client, "joffrey@got.example").result, SpfResult::fail) << client;
    EXPECT_EQ(this->check(client, "joffrey@none.example").result, SpfResult::none) << client;
  }
}

TYPED_TEST(SpfEngine, OddLocalPartsChangeNothingButTheirMacros) {
  this->zone_.text("got.example", "v=spf1 -exists:%{L}.bad.example ip4:192.0.2.1 -all");
  for (const char* const sender :
       {"\"a b\"@got.example", "\"@\"@got.example", "\"%{d}\"@got.example", "a..b@got.example",
        "\xc3\xbcser@got.example", "\"\x01\x02\"@got.example", "\"\\\"\"@got.example"}) {
    EXPECT_EQ(this->check("192.0.2.1", sender).result, SpfResult::pass) << sender;
    EXPECT_EQ(this->check("192.0.2.2", sender).result, SpfResult::fail) << sender;
  }
}

TYPED_TEST(SpfEngine, WhatTheDnsDoesNotTellIsATemporaryError) {
  this->zone_.fault("down.example", DnsFault::servfail);
  this->zone_.text("got.example", "v=spf1 include:down.example +all");
  this->zone_.text("stark.example", "v=spf1 a:down.example +all");
  for (const char* const sender : {"j@down.example", "j@got.example", "j@stark.example"}) {
    const auto verdict = this->check("192.0.2.1", sender);
    EXPECT_EQ(verdict.result, SpfResult::temperror) << sender;
    EXPECT_NE(verdict.problem.find("down.example"), std::string::npos) << verdict.problem;
  }
}

TYPED_TEST(SpfEngine, WhenTheTimeIsUpNothingIsPassed) {
  this->zone_.text("got.example", "v=spf1 a +all");
  const ports::SpfInput input{IpAddress::parse("192.0.2.1").value(), "mx.stark.example",
                              mail::Address::parse("j@got.example"), "mx"};
  const auto verdict = this->check(input, Deadline::after(Milliseconds(0)));
  EXPECT_EQ(verdict.result, SpfResult::temperror);
  EXPECT_FALSE(verdict.problem.empty());
}

TYPED_TEST(SpfEngine, TenTermsMayAskAndNoMore) {
  std::string ten = "v=spf1";
  for (int i = 0; i < 10; ++i) ten += " a:host.example";
  this->zone_.address("host.example", "203.0.113.1");
  this->zone_.text("ten.example", ten + " +all");
  this->zone_.text("eleven.example", ten + " mx:host.example +all");
  this->zone_.text("nested.example", "v=spf1 include:inner.example " + ten.substr(7) + " +all");
  this->zone_.text("inner.example", "v=spf1 -all");
  EXPECT_EQ(this->check("192.0.2.1", "j@ten.example").result, SpfResult::pass);
  EXPECT_EQ(this->check("192.0.2.1", "j@eleven.example").result, SpfResult::permerror);
  EXPECT_EQ(this->check("192.0.2.1", "j@nested.example").result, SpfResult::permerror);
}

TYPED_TEST(SpfEngine, TwoLookUpsMayFindNothingAndNoMore) {
  this->zone_.text("two.example", "v=spf1 a:n1.example mx:n2.example +all");
  this->zone_.text("three.example", "v=spf1 a:n1.example mx:n2.example exists:n3.example +all");
  EXPECT_EQ(this->check("192.0.2.1", "j@two.example").result, SpfResult::pass);
  EXPECT_EQ(this->check("192.0.2.1", "j@three.example").result, SpfResult::permerror);
}

TYPED_TEST(SpfEngine, TenMxHostsAreAskedForAndNoMore) {
  for (int i = 0; i < 11; ++i) {
    const std::string host = "mx" + std::to_string(i) + ".example";
    this->zone_.address(host, "192.0.2." + std::to_string(i));
    if (i < 10) this->zone_.mx("ten.example", 10, host);
    this->zone_.mx("eleven.example", 10, host);
  }
  this->zone_.text("ten.example", "v=spf1 mx -all").text("eleven.example", "v=spf1 mx -all");
  EXPECT_EQ(this->check("192.0.2.9", "j@ten.example").result, SpfResult::pass);
  EXPECT_EQ(this->check("192.0.2.1", "j@eleven.example").result, SpfResult::permerror);
}

TYPED_TEST(SpfEngine, OnlyTheFirstTenNamesOfAClientCount) {
  for (int i = 0; i < 10; ++i) {
    this->zone_.ptr("1.2.0.192.in-addr.arpa", "n" + std::to_string(i) + ".stark.example");
    this->zone_.address("n" + std::to_string(i) + ".stark.example", "192.0.2.1");
  }
  this->zone_.ptr("1.2.0.192.in-addr.arpa", "got.example").address("got.example", "192.0.2.1");
  this->zone_.text("got.example", "v=spf1 ptr -all");
  this->zone_.text("stark.example", "v=spf1 ptr -all");
  EXPECT_EQ(this->check("192.0.2.1", "j@got.example").result, SpfResult::fail);
  EXPECT_EQ(this->check("192.0.2.1", "j@stark.example").result, SpfResult::pass);
}

TYPED_TEST(SpfEngine, AClientsNameThatCannotBeProvenIsSkipped) {
  this->zone_.ptr("1.2.0.192.in-addr.arpa", "down.got.example")
      .fault("down.got.example", DnsFault::servfail);
  this->zone_.ptr("1.2.0.192.in-addr.arpa", "mx.got.example")
      .address("mx.got.example", "192.0.2.1");
  this->zone_.ptr("2.2.0.192.in-addr.arpa", "mx.got.example");  // which is not so
  this->zone_.fault("3.2.0.192.in-addr.arpa", DnsFault::servfail);
  this->zone_.text("got.example", "v=spf1 ptr -all");
  EXPECT_EQ(this->check("192.0.2.1", "j@got.example").result, SpfResult::pass);
  EXPECT_EQ(this->check("192.0.2.2", "j@got.example").result, SpfResult::fail);
  EXPECT_EQ(this->check("192.0.2.3", "j@got.example").result, SpfResult::fail);
}

TYPED_TEST(SpfEngine, ARedirectCountsAfterAllMechanismsWhereverItStands) {
  this->zone_.text("got.example", "v=spf1 redirect=stark.example ip4:192.0.2.1");
  this->zone_.text("stark.example", "v=spf1 ip4:192.0.2.2 -all");
  this->zone_.text("all.example", "v=spf1 redirect=none.example ~all");
  this->zone_.text("lost.example", "v=spf1 redirect=none.example");
  EXPECT_EQ(this->check("192.0.2.1", "j@got.example").result, SpfResult::pass);
  EXPECT_EQ(this->check("192.0.2.2", "j@got.example").result, SpfResult::pass);
  EXPECT_EQ(this->check("192.0.2.3", "j@got.example").result, SpfResult::fail);
  EXPECT_EQ(this->check("192.0.2.3", "j@all.example").result, SpfResult::softfail);
  EXPECT_EQ(this->check("192.0.2.3", "j@lost.example").result, SpfResult::permerror);
}

TYPED_TEST(SpfEngine, TwoRecordsAreNone) {
  this->zone_.text("got.example", "v=spf1 +all").text("got.example", "v=spf1 +all");
  this->zone_.text("stark.example", "v=spf1 include:got.example +all");
  EXPECT_EQ(this->check("192.0.2.1", "j@got.example").result, SpfResult::permerror);
  EXPECT_EQ(this->check("192.0.2.1", "j@stark.example").result, SpfResult::permerror);
}

TYPED_TEST(SpfEngine, AnotherDomainIsJudgedForTheSameMessage) {
  this->zone_.text("_spf.provider.example", "v=spf1 ip4:192.0.2.0/24 exists:%{l}.%{o} -all");
  this->zone_.address("tyrion.got.example", "127.0.0.2");
  EXPECT_EQ(this->check_domain("_spf.Provider.example", "192.0.2.9", "j@got.example").result,
            SpfResult::pass);
  const auto verdict = this->check_domain("_spf.provider.example", "198.51.100.1", "j@got.example");
  EXPECT_EQ(verdict.result, SpfResult::fail);
  EXPECT_EQ(verdict.domain, "_spf.provider.example");
  EXPECT_EQ(
      this->check_domain("_spf.provider.example", "198.51.100.1", "tyrion@got.example").result,
      SpfResult::pass);
  for (const char* const domain : {"nobody.example", "", "[192.0.2.1]", "one", "a..b"}) {
    EXPECT_EQ(this->check_domain(domain, "192.0.2.9", "j@got.example").result, SpfResult::none)
        << domain;
  }
}

TEST(SpfChecker, NamesTheTermThatMatchedAndWhatWentWrong) {
  DnsZone zone;
  zone.text("got.example", "v=spf1 include:stark.example ~all");
  zone.text("stark.example", "v=spf1 +ip4:192.0.2.1 -all");
  zone.text("wrong.example", "v=spf1 moo +all");
  test::ZoneResolver resolver(zone);
  spf::Checker checker(resolver);
  ports::SpfInput input{IpAddress::parse("192.0.2.1").value(), "mx",
                        mail::Address::parse("j@got.example"), "mx"};
  const auto deadline = Deadline::after(std::chrono::seconds(60));
  EXPECT_EQ(checker.check(input, deadline).mechanism, "include:stark.example");
  input.client = IpAddress::parse("192.0.2.2").value();
  EXPECT_EQ(checker.check(input, deadline).mechanism, "~all");
  input.sender = mail::Address::parse("j@wrong.example");
  EXPECT_EQ(checker.check(input, deadline).problem, "wrong.example: \"moo\": no mechanism of SPF");
}

}  // namespace
}  // namespace postern
