#include "adapters/sender_verify/public_address.h"

#include <gtest/gtest.h>

namespace postern::sender_verify {
namespace {

TEST(PublicAddress, IsWhatAnMxMayPointAt) {
  for (const char* const text :
       {"8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1",
        "223.255.255.255", "2001:4860:4860::8888", "2a00:1450::1", "2620:fe::fe"}) {
    EXPECT_TRUE(is_public(*IpAddress::parse(text))) << text;
  }
}

TEST(PublicAddress, IsNothingOfOursAndNothingSpecial) {
  for (const char* const text : {"0.0.0.0",
                                 "0.1.2.3",
                                 "127.0.0.1",
                                 "127.255.255.255",
                                 "10.1.2.3",
                                 "172.16.0.1",
                                 "172.31.255.255",
                                 "192.168.1.1",
                                 "169.254.169.254",
                                 "100.64.0.1",
                                 "192.0.2.1",
                                 "198.18.0.1",
                                 "198.51.100.1",
                                 "203.0.113.1",
                                 "224.0.0.1",
                                 "240.0.0.1",
                                 "255.255.255.255",
                                 "::",
                                 "::1",
                                 "::ffff:127.0.0.1",
                                 "::127.0.0.1",
                                 "64:ff9b::a00:1",
                                 "fe80::1",
                                 "fc00::1",
                                 "fd12::1",
                                 "ff02::1",
                                 "2001:db8::1",
                                 "2002:7f00:1::1",
                                 "2001:0:7f00:1::"}) {
    EXPECT_FALSE(is_public(*IpAddress::parse(text))) << text;
  }
}

}  // namespace
}  // namespace postern::sender_verify
