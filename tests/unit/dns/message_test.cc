// Which names are asked for, and what octets that are no message give.
#include "adapters/dns/message.h"

#include <gtest/gtest.h>

#include <random>

namespace postern::dns {
namespace {

using ports::DnsType;

TEST(Names, OnlyWhatCanBeANameIsAsked) {
  const std::string longest_label(63, 'a');
  struct Case {
    std::string name;
    bool asked;
  };
  const Case cases[] = {
      {"got.com", true},
      {"_spf.got.com", true},
      {"localhost", true},
      {"a b%20c.got.com", true},
      {"foo:bar/baz.got.com", true},
      {longest_label + ".com", true},
      {"a" + longest_label + ".com", false},
      {longest_label + "." + longest_label + "." + longest_label + "." + std::string(61, 'a'),
       true},
      {longest_label + "." + longest_label + "." + longest_label + "." + std::string(62, 'a'),
       false},
      {"", false},
      {".", false},
      {"got..com", false},
      {".got.com", false},
      {"got.com.", false},
      {"b\xc3\xbc"
       "cher.example",
       false},
      {std::string("got\0.com", 8), false},
      {"got\n.com", false},
      {"\x7f.com", false},
  };
  for (const auto& one : cases) EXPECT_EQ(can_be_asked(one.name), one.asked) << one.name;
}

TEST(Message, RandomOctetsAreATemporaryError) {
  std::mt19937 random(7208);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> octets(random() % 120);
    for (auto& octet : octets) octet = static_cast<std::uint8_t>(random());
    const auto reading = read_message(octets, "got.com", DnsType::txt);
    if (reading.ok()) {
      EXPECT_TRUE(reading->timed.answer.texts.empty());
    } else {
      EXPECT_EQ(reading.error().permanence, Permanence::temporary);
      EXPECT_EQ(reading.error().what.substr(0, 12), "got.com TXT:");
    }
  }
}

}  // namespace
}  // namespace postern::dns
