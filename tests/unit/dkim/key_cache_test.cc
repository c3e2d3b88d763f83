#include "adapters/dkim/key_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_keys.h"

namespace postern::dkim {
namespace {

using policy::DkimAlgorithm;
using testing::HasSubstr;
using testing::Not;

TEST(KeyCache, GivesTheSameKeyAgainAndTheRightOneAfterEviction) {
  SigningKeyCache cache(1);
  std::vector<policy::DkimKey> keys;
  for (const char* selector : {"a", "b", "c", "d"}) {
    keys.push_back(test::make_key(DkimAlgorithm::ed25519, selector));
  }
  std::vector<std::string> signatures;
  for (const auto& key : keys) signatures.push_back(*(*cache.get(key))->sign("text"));
  for (std::size_t round = 0; round < 3; ++round) {
    for (std::size_t at = 0; at < keys.size(); ++at) {
      EXPECT_EQ(*(*cache.get(keys[at]))->sign("text"), signatures[at]);
    }
  }
  EXPECT_EQ(cache.get(keys[0])->get(), cache.get(keys[0])->get());
}

TEST(KeyCache, AKeyThatIsReplacedUnderItsNameIsNotTakenForTheOldOne) {
  SigningKeyCache cache;
  policy::DkimKey key = test::make_key(DkimAlgorithm::ed25519, "s");
  const std::string before = *(*cache.get(key))->sign("text");
  key.private_key_pem = test::make_key(DkimAlgorithm::ed25519, "s").private_key_pem;
  EXPECT_NE(*(*cache.get(key))->sign("text"), before);
}

struct Unusable {
  const char* name;
  DkimAlgorithm algorithm;
  std::string pem;
};

class UnusableKey : public testing::TestWithParam<Unusable> {};

TEST_P(UnusableKey, IsATemporaryErrorThatDoesNotQuoteIt) {
  policy::DkimKey key;
  key.selector = "protect";
  key.algorithm = GetParam().algorithm;
  key.private_key_pem = Secret(GetParam().pem);
  SigningKeyCache cache;
  const auto parsed = cache.get(key);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().permanence, Permanence::temporary);
  EXPECT_THAT(parsed.error().what, HasSubstr("protect"));
  EXPECT_THAT(parsed.error().what, Not(HasSubstr("MII")));
  EXPECT_THAT(parsed.error().what, Not(HasSubstr("c2VjcmV0")));
}

std::string pem_of(DkimAlgorithm algorithm) {
  return std::string(test::make_key(algorithm, "x").private_key_pem.reveal());
}

INSTANTIATE_TEST_SUITE_P(
    Keys, UnusableKey,
    testing::Values(
        Unusable{"Empty", DkimAlgorithm::rsa, ""},
        Unusable{"Garbage", DkimAlgorithm::rsa,
                 "-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----\n"},
        Unusable{"CutOff", DkimAlgorithm::rsa, pem_of(DkimAlgorithm::rsa).substr(0, 800)},
        Unusable{"OtherAlgorithm", DkimAlgorithm::rsa, pem_of(DkimAlgorithm::ed25519)},
        Unusable{"OtherWayRound", DkimAlgorithm::ed25519, pem_of(DkimAlgorithm::rsa)},
        // Would ask for a passphrase on the terminal.
        Unusable{"Encrypted", DkimAlgorithm::rsa,
                 "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                 "MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBCyGvpQCPyYTRJeD6Ax\n"
                 "-----END ENCRYPTED PRIVATE KEY-----\n"}),
    [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace postern::dkim
