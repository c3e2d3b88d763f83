// Which records are read, and what they are taken for.
#include "adapters/spf/record.h"

#include <gtest/gtest.h>

namespace postern::spf {
namespace {

TEST(SpfRecord, IsOneByItsFirstWord) {
  struct Case {
    const char* text;
    bool is_record;
  };
  const Case cases[] = {
      {"v=spf1", true},        {"v=spf1 -all", true},   {"V=SPF1 ?all", true}, {"v=spf10", false},
      {"v=spf1\t-all", false}, {" v=spf1 -all", false}, {"v=spf", false},      {"", false},
      {"v=spf1,-all", false},
  };
  for (const auto& one : cases) EXPECT_EQ(is_spf_record(one.text), one.is_record) << one.text;
}

TEST(SpfRecord, AFaultAnywhereIsAFaultOfAllOfIt) {
  const char* const wrong[] = {
      "v=spf1 +all moo",
      "v=spf1 all:x.com",
      "v=spf1 all/8",
      "v=spf1 include",
      "v=spf1 include:",
      "v=spf1 include:got.com/24",
      "v=spf1 a:museum",
      "v=spf1 a:got.com.123",
      "v=spf1 a:got.-com",
      "v=spf1 a/33",
      "v=spf1 a/024",
      "v=spf1 a/",
      "v=spf1 a//129",
      "v=spf1 a/24/64",
      "v=spf1 a:got.com/24//",
      "v=spf1 ip4:192.0.2",
      "v=spf1 ip4:192.0.2.1/33",
      "v=spf1 ip4:[192.0.2.1]",
      "v=spf1 ip4:2001:db8::1",
      "v=spf1 ip4:192.0.2.1/",
      "v=spf1 ip4/24",
      "v=spf1 ip6:192.0.2.1",
      "v=spf1 ip6:IPv6:2001:db8::1",
      "v=spf1 ip6:2001:db8::1/129",
      "v=spf1 ptr/24",
      "v=spf1 exists",
      "v=spf1 exists:%{x}.com",
      "v=spf1 exists:%{d0}.com",
      "v=spf1 exists:%{dr5}.com",
      "v=spf1 exists:%d.com",
      "v=spf1 exists:%{c}.com",
      "v=spf1 redirect=a.com redirect=b.com",
      "v=spf1 exp=a.com exp=b.com",
      "v=spf1 redirect=",
      "v=spf1 exp=",
      "v=spf1 redirect:a.com",
      "v=spf1 -redirect=a.com",
      "v=spf1 1up=x",
      "v=spf1 x=%abc",
      "v=spf1 --all",
      "v=spf1 -",
      "v=spf1 a\x01ll",
      "v=spf1 \xc3\xa4ll",
  };
  for (const char* const text : wrong) {
    const auto record = parse_record(text);
    ASSERT_FALSE(record.ok()) << text;
    EXPECT_EQ(record.error().permanence, Permanence::permanent);
    EXPECT_FALSE(record.error().what.empty());
  }
  EXPECT_FALSE(parse_record("v=spf1" + std::string(kLongestRecord, ' ') + "-all").ok());
}

TEST(SpfRecord, IsReadTermByTerm) {
  const auto record = parse_record(
      "v=spf1  +A:Mail.Got.Com/24//64 -mx ~ip6:2001:db8::/32 ?EXISTS:%{ir}.got.com x.y=%{c} "
      "ip6:::ffff:192.0.2.1 Redirect=_spf.got.com ");
  ASSERT_TRUE(record.ok()) << record.error().what;
  ASSERT_EQ(record->mechanisms.size(), 5U);
  const auto& a = record->mechanisms[0];
  EXPECT_EQ(a.kind, MechanismKind::a);
  EXPECT_EQ(a.qualifier, Qualifier::pass);
  EXPECT_EQ(a.prefix_v4, 24U);
  EXPECT_EQ(a.prefix_v6, 64U);
  EXPECT_EQ(a.text, "+A:Mail.Got.Com/24//64");
  EXPECT_EQ(record->mechanisms[1].qualifier, Qualifier::fail);
  EXPECT_FALSE(record->mechanisms[1].domain.has_value());
  EXPECT_EQ(record->mechanisms[2].network->to_string(), "2001:db8::/32");
  EXPECT_EQ(record->mechanisms[3].qualifier, Qualifier::neutral);
  EXPECT_FALSE(record->mechanisms[4].network.has_value()) << "an IPv4 address in IPv6 dress";
  EXPECT_TRUE(record->redirect.has_value());
}

}  // namespace
}  // namespace postern::spf
