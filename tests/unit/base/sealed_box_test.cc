#include "base/sealed_box.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

std::string opened(const std::string& sealed, const std::vector<SealKey>& keys) {
  const auto secret = unseal(sealed, keys);
  return secret ? "opened: " + std::string(secret->reveal()) : secret.error().what;
}

TEST(SealedBox, OnlyTheKeyItWasSealedToOpensIt) {
  const SealKey mine = *make_seal_key();
  const SealKey others = *make_seal_key();
  const std::string sealed = *seal("kashima1", mine.public_key);
  EXPECT_TRUE(is_sealed(sealed));
  EXPECT_EQ(sealed.find("kashima1"), std::string::npos);
  EXPECT_NE(sealed, *seal("kashima1", mine.public_key));
  EXPECT_EQ(opened(sealed, {mine}), "opened: kashima1");
  EXPECT_EQ(opened(sealed, {others, mine}), "opened: kashima1");  // an older key of the host
  EXPECT_EQ(opened(sealed, {others}), "sealed to another host's key, or altered (keys.seal_file)");
  EXPECT_EQ(opened(sealed, {}), "sealed, and this host has no key (keys.seal_file)");
}

TEST(SealedBox, WhatWasAlteredDoesNotOpen) {
  const SealKey key = *make_seal_key();
  const std::string sealed = *seal("kashima1", key.public_key);
  for (const std::size_t at :
       {kSealedPrefix.size(), kSealedPrefix.size() + 50, sealed.size() - 3}) {
    std::string altered = sealed;
    altered[at] = altered[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(opened(altered, {key}), "sealed to another host's key, or altered (keys.seal_file)");
  }
  EXPECT_EQ(opened("sealed:AAAA", {key}), "sealed, and cut short");
  EXPECT_EQ(opened("sealed:", {key}), "sealed, and cut short");
  EXPECT_EQ(opened("sealed:no base64!", {key}), "sealed, and cut short");
  EXPECT_EQ(opened("kashima1", {key}), "not sealed");
}

TEST(SealedBox, AKeyFileHoldsAKeyALine) {
  const SealKey first = *make_seal_key();
  const SealKey second = *make_seal_key();
  const std::string file = "# of this host\n" + std::string(seal_key_line(first).reveal()) +
                           "\n\n  " + std::string(seal_key_line(second).reveal()) + "\r\n";
  const auto read = parse_seal_keys(file);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*read, (std::vector<SealKey>{first, second}));
}

TEST(SealedBox, AKeyFileThatIsNoneSaysWhereAndQuotesNothing) {
  const std::string good(seal_key_line(*make_seal_key()).reveal());
  EXPECT_EQ(parse_seal_keys("").error().what, "no key in it");
  EXPECT_EQ(parse_seal_keys("# only words\n").error().what, "no key in it");
  for (const std::string& line :
       {std::string("AAAA"), std::string("not base64"), good + good, good.substr(4)}) {
    EXPECT_EQ(parse_seal_keys(good + "\n" + line).error().what, "line 2: not 32 octets in base64");
  }
}

TEST(SealedBox, APublicKeyThatIsNoneSealsNothing) {
  for (const std::string& key : {std::string(), std::string("AAAA"), std::string("a public key")}) {
    EXPECT_EQ(seal("kashima1", key).error().what,
              "the public key to seal to is not 32 octets in base64");
  }
  // A point of small order would give everybody the same secret.
  EXPECT_FALSE(seal("kashima1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").ok());
}

}  // namespace
}  // namespace postern
