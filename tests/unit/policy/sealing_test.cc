// Keys and passwords that only the daemon's host can read.
#include "policy/sealing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sealed_box.h"
#include "policy/dkim_key_material.h"
#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::fault;
using test::key;
using testing::HasSubstr;
using testing::Not;

// Seeds of Ed25519 keys, thirty-two octets of nothing: short enough to be read here.
constexpr const char* kSeed = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
constexpr const char* kOtherSeed = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

std::string dkim(const std::string& selector, const std::string& seed) {
  return R"({"selector":")" + selector + R"(","privateKey":")" + seed + R"("})";
}

struct House {
  SealKey seal_key = *make_seal_key();
  std::string sealed(std::string_view name, const std::string& json) const {
    const auto result = seal_document(key(name), json, seal_key.public_key);
    return result ? *result : "refused: " + result.error().what;
  }
  DecodeOptions options() const {
    DecodeOptions options;
    options.seal_keys = {seal_key};
    return options;
  }
};

TEST(Sealing, ASealedKeyIsTheKeyThatWasSealed) {
  const House house;
  const std::string plain = dkim("protect", kSeed);
  const std::string sealed = house.sealed("dkim:got.com", plain);
  EXPECT_THAT(sealed, Not(HasSubstr(kSeed)));
  EXPECT_THAT(sealed, HasSubstr("sealed:"));
  const auto keys = decoded<DkimKeys>("dkim:got.com", sealed, house.options());
  const auto expected = decoded<DkimKeys>("dkim:got.com", plain);
  ASSERT_EQ(keys.keys.size(), 1U);
  EXPECT_EQ(keys.keys[0].private_key_pem, expected.keys[0].private_key_pem);
  EXPECT_EQ(keys.keys[0].public_key, expected.keys[0].public_key);
}

TEST(Sealing, EverySecretOfAnArrayIsSealedAndNothingElse) {
  const House house;
  const std::string sealed =
      house.sealed("dkim:got.com", "[" + dkim("one", kSeed) + "," + dkim("two", kOtherSeed) + "]");
  EXPECT_THAT(sealed, Not(HasSubstr(kSeed)));
  EXPECT_THAT(sealed, Not(HasSubstr(kOtherSeed)));
  EXPECT_EQ(decoded<DkimKeys>("dkim:got.com", sealed, house.options()).keys.size(), 2U);
  // Sealing again changes nothing; a document of another type has nothing to seal.
  EXPECT_EQ(house.sealed("dkim:got.com", sealed), sealed);
  EXPECT_EQ(house.sealed("user:a@got.com", R"({"email":"a@got.com"})"), R"({"email":"a@got.com"})");
}

TEST(Sealing, AnOpensrsKeyIsSealedUnderEitherSpelling) {
  const House house;
  const auto attributes = [](const std::string& name) {
    return R"({"dkim_selector":"protect",")" + name + R"(":")" + kSeed + R"("})";
  };
  for (const std::string& plain :
       {R"({"domain":"got.com","attributes":)" + attributes("dkim_key") + "}",
        R"({"domain":"got.com","attributes":)" + attributes("dkim_ key") + "}",
        attributes("dkim_key")}) {
    const std::string sealed = house.sealed("opensrs:got.com", plain);
    EXPECT_THAT(sealed, Not(HasSubstr(kSeed)));
    const auto domain = decoded<OpensrsDomain>("opensrs:got.com", sealed, house.options());
    ASSERT_NE(domain.dkim, nullptr);
    EXPECT_EQ(domain.dkim->keys[0].selector, "protect");
  }
}

TEST(Sealing, ASmarthostsPasswordIsSealedAsItIsWritten) {
  const House house;
  const std::string sealed = house.sealed(
      "smarthost:default",
      R"({"hostname":"relay.example","secureConnection":"TLS","authenticationEnabled":true,)"
      R"("userId":"user1","updatePassword":true,"password":"a2FzaGltYTE="})");
  EXPECT_THAT(sealed, Not(HasSubstr("a2FzaGltYTE=")));
  const auto smarthost = decoded<Smarthost>("smarthost:default", sealed, house.options());
  EXPECT_EQ(smarthost.password.reveal(), "kashima1");
  // What is kept for the cache is sealed still.
  EXPECT_THAT(std::string(smarthost.written_password.reveal()), testing::StartsWith("sealed:"));
}

TEST(Sealing, WithoutTheKeyTheDocumentIsRefusedAndSaysWhy) {
  const House house;
  const std::string sealed = house.sealed("dkim:got.com", dkim("protect", kSeed));
  EXPECT_EQ(fault("dkim:got.com", sealed),
            "/privateKey: sealed, and this host has no key (keys.seal_file)");
  DecodeOptions others;
  others.seal_keys = {*make_seal_key()};
  EXPECT_EQ(fault("dkim:got.com", sealed, others),
            "/privateKey: sealed to another host's key, or altered (keys.seal_file)");
}

TEST(Sealing, WhoOnlyJudgesDocumentsNeedsNoKey) {
  const House house;
  DecodeOptions judging;
  judging.sealed_may_stay = true;
  const auto keys = decoded<DkimKeys>(
      "dkim:got.com", house.sealed("dkim:got.com", dkim("protect", kSeed)), judging);
  ASSERT_EQ(keys.keys.size(), 1U);
  EXPECT_TRUE(keys.keys[0].private_key_pem.empty());
  EXPECT_EQ(fault("dkim:got.com", R"({"selector":"-no-","privateKey":"sealed:AAAA"})", judging),
            "/selector: expected labels of letters, digits and hyphens, found a string \"-no-\"");
}

TEST(Sealing, APolicyThatIsShownShowsNeitherForm) {
  const House house;
  const std::string sealed = house.sealed("dkim:got.com", dkim("protect", kSeed));
  const auto shown = show_as_understood(key("dkim:got.com"), sealed, house.options());
  ASSERT_TRUE(shown) << shown.error().what;
  EXPECT_THAT(*shown, Not(HasSubstr("sealed:")));
  EXPECT_THAT(*shown, HasSubstr("(redacted)"));
}

}  // namespace
}  // namespace postern::policy
