// An address or a network has one meaning, however it is spelt, and what is none is told apart.
#include "base/ip.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

struct AddressCase {
  std::string_view given;
  std::optional<std::string> expected;
};
class Addresses : public testing::TestWithParam<AddressCase> {};

TEST_P(Addresses, HaveOneForm) {
  const auto address = IpAddress::parse(GetParam().given);
  ASSERT_EQ(address.has_value(), GetParam().expected.has_value()) << GetParam().given;
  if (address) {
    EXPECT_EQ(address->to_string(), *GetParam().expected);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Addresses,
    testing::Values(
        AddressCase{"192.0.2.1", "192.0.2.1"}, AddressCase{"0.0.0.0", "0.0.0.0"},
        AddressCase{"2001:DB8:0::1", "2001:db8::1"}, AddressCase{"::", "::"},
        AddressCase{"[2001:db8::1]", "2001:db8::1"}, AddressCase{"IPv6:2001:db8::1", "2001:db8::1"},
        AddressCase{"ipv6:2001:db8::1", "2001:db8::1"},
        AddressCase{"[IPv6:2001:db8::1]", "2001:db8::1"}, AddressCase{"[192.0.2.1]", "192.0.2.1"},
        // An IPv4 client must not escape a rule by coming as IPv6.
        AddressCase{"::ffff:192.0.2.1", "192.0.2.1"}, AddressCase{"::ffff:c000:201", "192.0.2.1"},
        AddressCase{"::192.0.2.1", "::192.0.2.1"}, AddressCase{"", std::nullopt},
        AddressCase{"[]", std::nullopt}, AddressCase{"[", std::nullopt},
        AddressCase{"IPv6:", std::nullopt}, AddressCase{"192.0.2", std::nullopt},
        AddressCase{"192.0.2.256", std::nullopt}, AddressCase{"192.0.2.1 ", std::nullopt},
        AddressCase{"0x7f.1", std::nullopt}, AddressCase{"192.0.2.01", std::nullopt},
        AddressCase{"1:2:3", std::nullopt}, AddressCase{"fe80::1%eth0", std::nullopt},
        AddressCase{"host", std::nullopt},
        AddressCase{std::string_view("192.0.2.1\0", 10), std::nullopt}));

TEST(AddressText, TooLongIsNoAddress) { EXPECT_FALSE(IpAddress::parse(std::string(100'000, '1'))); }

TEST(Loopback, IsAllOf127AndOneInSix) {
  for (const char* text : {"127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IpAddress::parse(text)->is_loopback()) << text;
  }
  for (const char* text : {"126.255.255.255", "128.0.0.1", "::", "::2", "fe80::1"}) {
    EXPECT_FALSE(IpAddress::parse(text)->is_loopback()) << text;
  }
}

struct NetworkCase {
  std::string_view given;
  std::optional<std::string> expected;
};
class Networks : public testing::TestWithParam<NetworkCase> {};

TEST_P(Networks, LoseTheirHostBits) {
  const auto network = IpNetwork::parse(GetParam().given);
  ASSERT_EQ(network.has_value(), GetParam().expected.has_value()) << GetParam().given;
  if (network) {
    EXPECT_EQ(network->to_string(), *GetParam().expected);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Networks,
    testing::Values(
        NetworkCase{"92.123.51.205/31", "92.123.51.204/31"},
        NetworkCase{"10.1.2.3/8", "10.0.0.0/8"}, NetworkCase{"10.255.2.3/13", "10.248.0.0/13"},
        NetworkCase{"192.0.2.1", "192.0.2.1/32"}, NetworkCase{"192.0.2.1/0", "0.0.0.0/0"},
        NetworkCase{"2001:db8:ffff::1/33", "2001:db8:8000::/33"}, NetworkCase{"::1", "::1/128"},
        NetworkCase{"192.0.2.0/33", std::nullopt}, NetworkCase{"2001:db8::/129", std::nullopt},
        NetworkCase{"192.0.2.0/", std::nullopt}, NetworkCase{"192.0.2.0/-1", std::nullopt},
        NetworkCase{"192.0.2.0/2 4", std::nullopt}, NetworkCase{"192.0.2.0/24/24", std::nullopt},
        NetworkCase{"192.0.2.0/99999999999", std::nullopt}, NetworkCase{"/24", std::nullopt}));

struct ContainsCase {
  const char* network;
  const char* address;
  bool expected;
};
class Contains : public testing::TestWithParam<ContainsCase> {};

TEST_P(Contains, ExactlyItsAddresses) {
  EXPECT_EQ(IpNetwork::parse(GetParam().network)->contains(*IpAddress::parse(GetParam().address)),
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(All, Contains,
                         testing::Values(ContainsCase{"92.123.51.204/31", "92.123.51.203", false},
                                         ContainsCase{"92.123.51.204/31", "92.123.51.204", true},
                                         ContainsCase{"92.123.51.204/31", "92.123.51.205", true},
                                         ContainsCase{"92.123.51.204/31", "92.123.51.206", false},
                                         ContainsCase{"0.0.0.0/0", "255.255.255.255", true},
                                         // Everything in one family is nothing in the other.
                                         ContainsCase{"0.0.0.0/0", "2001:db8::1", false},
                                         ContainsCase{"::/0", "192.0.2.1", false},
                                         ContainsCase{"10.0.0.0/8", "::ffff:10.9.8.7", true},
                                         ContainsCase{"2001:db8::/33", "2001:db8:7fff::", true},
                                         ContainsCase{"2001:db8::/33", "2001:db8:8000::", false}));

}  // namespace
}  // namespace postern
