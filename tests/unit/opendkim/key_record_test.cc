// Which published keys may be used, and for what.
#include "adapters/opendkim/key_record.h"

#include <gtest/gtest.h>

#include "unit/dkim/test_keys.h"

namespace postern::opendkim {
namespace {

std::string read(const std::vector<std::string>& texts,
                 Algorithm algorithm = Algorithm::rsa_sha256) {
  const auto key = read_key(texts, algorithm);
  if (const auto* const refused = std::get_if<RefusedKey>(&key)) {
    return std::string(to_string(refused->result)) + ": " + refused->problem;
  }
  return std::get<Key>(key).is_testing ? "testing" : "good";
}

TEST(KeyRecord, IsUsedForWhatItSays) {
  const auto pair = test::make_key(policy::DkimAlgorithm::rsa, "s");
  const auto other = test::make_key(policy::DkimAlgorithm::ed25519, "e");
  const std::string p = "p=" + pair.public_key;
  const std::string e = "p=" + other.public_key;
  const struct {
    std::vector<std::string> texts;
    const char* rsa;
    const char* ed25519;
  } cases[] = {
      {{"v=DKIM1; k=rsa; " + p}, "good", "permerror: the key is for another algorithm"},
      {{"v=DKIM1; k=ed25519; " + e}, "permerror: the key is for another algorithm", "good"},
      {{p}, "good", "permerror: the key is for another algorithm"},
      {{p + ";"}, "good", "permerror: the key is for another algorithm"},
      {{"v=DKIM1; h=sha1:sha256; s=email:x; t=x:s; n=hello there; g=*; " + p},
       "good",
       "permerror: the key is for another algorithm"},
      {{"s=*; t=y:s; " + p}, "testing", "permerror: the key is for another algorithm"},
      {{"v=spf1 -all", "v=DKIM1; " + p, "hello"},
       "good",
       "permerror: the key is for another algorithm"},
      // The kind that is said and the kind that is there.
      {{"k=ed25519; " + p},
       "permerror: the key is for another algorithm",
       "permerror: the key is no Ed25519 key"},
      {{"k=rsa; " + e},
       "permerror: the key is no RSA key",
       "permerror: the key is for another algorithm"},
  };
  for (const auto& [texts, rsa, ed25519] : cases) {
    EXPECT_EQ(read(texts), rsa) << texts.front();
    EXPECT_EQ(read(texts, Algorithm::ed25519_sha256), ed25519) << texts.front();
  }
}

TEST(KeyRecord, IsRefusedForAReason) {
  const std::string good = test::txt_record(test::make_key(policy::DkimAlgorithm::rsa, "s"));
  const std::string p = good.substr(good.find("p="));
  const struct {
    std::vector<std::string> texts;
    const char* refusal;
  } cases[] = {
      {{}, "permerror: there is no key of this name"},
      {{""}, "permerror: the key record is broken"},
      {{"v=DKIM1"}, "permerror: the key record is broken"},
      {{"v=DKIM1; " + p + "; " + p}, "permerror: the key record is broken"},
      {{std::string(100'000, 'x')}, "permerror: the key record is broken"},
      {{"p=" + std::string(100'000, 'A')}, "permerror: the key record is broken"},
      {{good, good}, "permerror: there are several keys of this name"},
      {{"v=DKIM2; " + p}, "permerror: the key has another version"},
      {{"v=DKIM1; k=dsa; " + p}, "permerror: the key is for another algorithm"},
      {{"v=DKIM1; h=sha1; " + p}, "permerror: the key is for another hash"},
      {{"v=DKIM1; h=; " + p}, "permerror: the key is for another hash"},
      {{"v=DKIM1; s=tlsrpt; " + p}, "permerror: the key is not for mail"},
      {{"v=DKIM1; p="}, "permerror: the key has been revoked"},
      {{"v=DKIM1; p=AAA"}, "permerror: the key is broken"},
      {{"v=DKIM1; p=!!!!"}, "permerror: the key is broken"},
      {{"v=DKIM1; p=AAAA"}, "permerror: the key is no RSA key"},
      {{"v=DKIM1; p=" + std::string(2000, 'A')}, "permerror: the key is too long"},
      {{test::txt_record(test::make_key(policy::DkimAlgorithm::rsa, "s", 768))},
       "policy: the key has only 768 bits"},
  };
  for (const auto& [texts, refusal] : cases) {
    EXPECT_EQ(read(texts), refusal) << (texts.empty() ? "nothing" : texts.front().substr(0, 100));
  }
}

}  // namespace
}  // namespace postern::opendkim
