#include "adapters/dkim/signer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "base/text.h"
#include "test_keys.h"

namespace postern::dkim {
namespace {

using policy::DkimAlgorithm;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const test::FixedClock kClock;

mail::Message letter() {
  mail::Message message;
  message.add_header("From", " jon@got.com");
  message.add_header("To", " arya@stark.net");
  message.add_header("Subject", " hello");
  message.set_body("Winter is coming.\r\n");
  return message;
}

// The value without its folds and blanks, so that tags can be looked for.
std::string flat(std::string value) {
  std::erase_if(value, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
  return value;
}

TEST(Signer, WritesOneValuePerKeyInTheirOrder) {
  const auto rsa = test::make_key(DkimAlgorithm::rsa, "protect");
  const auto ed25519 = test::make_key(DkimAlgorithm::ed25519, "ed");
  Signer signer({}, kClock);
  const auto values = signer.sign(letter(), "got.com", {&ed25519, &rsa});
  ASSERT_TRUE(values) << values.error().what;
  ASSERT_EQ(values->size(), 2U);
  EXPECT_THAT((*values)[0], StartsWith(" v=1; a=ed25519-sha256; c=relaxed/relaxed; d=got.com;"));
  EXPECT_THAT(flat((*values)[0]), HasSubstr("s=ed;t=1779723543;"));
  EXPECT_THAT((*values)[1], StartsWith(" v=1; a=rsa-sha256; c=relaxed/relaxed; d=got.com;"));
  EXPECT_THAT(flat((*values)[1]), HasSubstr("s=protect;t=1779723543;"));
  // From once more than it is there.
  EXPECT_THAT(flat((*values)[0]), HasSubstr(";h=From:From:Subject:To;b="));
  EXPECT_TRUE(signer.sign(letter(), "got.com", {})->empty());
}

TEST(Signer, OversignsWhatItIsTold) {
  const auto key = test::make_key(DkimAlgorithm::ed25519, "ed");
  SignerOptions options;
  options.oversign = {"subject", "Cc", "X-Ours"};
  options.sign_headers = {"To", "to", "Subject"};
  options.body_canonicalization = Canonicalization::simple;
  Signer signer(options, kClock);
  const auto values = signer.sign(letter(), "got.com", {&key});
  ASSERT_TRUE(values) << values.error().what;
  EXPECT_THAT(flat((*values)[0]), HasSubstr(";h=From:To:Subject:Subject:Cc:X-Ours;"));
  EXPECT_THAT((*values)[0], HasSubstr("c=relaxed/simple;"));
}

TEST(Signer, FoldsItsLines) {
  const auto key = test::make_key(DkimAlgorithm::rsa, "a-selector-of-some-length-2026", 4096);
  mail::Message message = letter();
  for (const std::string& name : default_sign_headers()) message.add_header(name, " x");
  Signer signer({}, kClock);
  const auto values =
      signer.sign(message, "a-rather-long-domain-name.with-many-labels.example.got.com", {&key});
  ASSERT_TRUE(values) << values.error().what;
  const std::string& value = values->front();
  EXPECT_THAT(value, Not(HasSubstr("\r")));
  EXPECT_THAT(value, Not(EndsWith("\n")));
  bool is_first = true;
  for (const std::string_view line : split(value, '\n')) {
    EXPECT_LE(line.size() + (is_first ? std::string_view("DKIM-Signature:").size() : 0), 78U)
        << line;
    if (!is_first) {
      EXPECT_THAT(std::string(line), StartsWith("\t"));
    }
    is_first = false;
  }
}

TEST(Signer, RefusesWhatCannotBeSigned) {
  const auto key = test::make_key(DkimAlgorithm::ed25519, "ed");
  Signer signer({}, kClock);
  mail::Message anonymous;
  anonymous.add_header("Subject", " hello");
  const auto no_from = signer.sign(anonymous, "got.com", {&key});
  ASSERT_FALSE(no_from);
  EXPECT_EQ(no_from.error().permanence, Permanence::permanent);

  mail::Message crowded = letter();
  for (int field = 0; field < 600; ++field) crowded.add_header("To", " x@got.com");
  const auto too_many = signer.sign(crowded, "got.com", {&key});
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().permanence, Permanence::permanent);
}

TEST(Signer, LetsNoDocumentWriteTagsOfItsOwn) {
  auto key = test::make_key(DkimAlgorithm::ed25519, "ed");
  Signer signer({}, kClock);
  for (const char* domain : {"", "got.com; i=@evil.net", "got.com\n", "g\xc3\xb6t.com"}) {
    EXPECT_FALSE(signer.sign(letter(), domain, {&key})) << domain;
  }
  key.selector = "ed;l=0";
  EXPECT_FALSE(signer.sign(letter(), "got.com", {&key}));
}

TEST(Signer, ABrokenKeyMeansNoSignatureAtAll) {
  const auto good = test::make_key(DkimAlgorithm::ed25519, "good");
  policy::DkimKey broken = good;
  broken.private_key_pem = Secret("nonsense");
  Signer signer({}, kClock);
  const auto values = signer.sign(letter(), "got.com", {&good, &broken});
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().permanence, Permanence::temporary);
}

// Both algorithms are deterministic: whatever threads do to each other would show.
TEST(Signer, ServesManyThreads) {
  const auto rsa = test::make_key(DkimAlgorithm::rsa, "rsa");
  const auto ed25519 = test::make_key(DkimAlgorithm::ed25519, "ed");
  const std::vector<const policy::DkimKey*> keys = {&rsa, &ed25519};
  const mail::Message message = letter();
  const auto expected = *Signer({}, kClock).sign(message, "got.com", keys);
  Signer signer({}, kClock);
  std::vector<std::future<int>> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.push_back(std::async(std::launch::async, [&] {
      int same = 0;
      for (int round = 0; round < 25; ++round) {
        const auto values = signer.sign(message, "got.com", keys);
        if (values && *values == expected) ++same;
      }
      return same;
    }));
  }
  for (auto& thread : threads) EXPECT_EQ(thread.get(), 25);
}

}  // namespace
}  // namespace postern::dkim
