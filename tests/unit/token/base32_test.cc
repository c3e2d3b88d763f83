// One text per value, in either case.
#include "base/base32.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace postern {
namespace {

TEST(Base32, IsThatOfTheRfc) {
  // RFC 4648, 10, in lower case and without padding.
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"f", "my"},
      {"fo", "mzxq"},
      {"foo", "mzxw6"},
      {"foob", "mzxw6yq"},
      {"fooba", "mzxw6ytb"},
      {"foobar", "mzxw6ytboi"},
  };
  for (const auto& [octets, text] : cases) {
    EXPECT_EQ(to_base32(octets), text);
    EXPECT_EQ(from_base32(text), octets);
  }
  EXPECT_EQ(from_base32("MZXW6yTBoi"), "foobar");
}

TEST(Base32, WhatItNeverWritesItDoesNotRead) {
  for (const char* text : {"m", "mzx", "mzxw6y", "mz", "mzxr", "my======", "m1", "m0", "m8", "m y",
                           "m-", "\xff\xff", "mzxw6ytbo"}) {
    EXPECT_EQ(from_base32(text), std::nullopt) << text;
  }
  EXPECT_EQ(from_base32(std::string("m\0", 2)), std::nullopt);
}

TEST(Base32, EveryValueComesBack) {
  std::mt19937 random(4648);
  for (int i = 0; i < 2'000; ++i) {
    std::string octets(random() % 48, '\0');
    for (char& octet : octets) octet = static_cast<char>(random());
    const std::string text = to_base32(octets);
    EXPECT_EQ(text.size(), (octets.size() * 8 + 4) / 5);
    EXPECT_EQ(from_base32(text), octets);
    const auto again = from_base32(text + "a");
    EXPECT_NE(again, octets) << text;
  }
}

}  // namespace
}  // namespace postern
