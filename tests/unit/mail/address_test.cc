// One address, one identity: whatever the spelling, a rule finds it; what is no mailbox is told
// apart.
#include "mail/address.h"

#include <gtest/gtest.h>

#include "mail/domain_name.h"

namespace postern::mail {
namespace {

struct DomainCase {
  std::string_view given;
  std::optional<std::string> expected;
};

class ToALabel : public testing::TestWithParam<DomainCase> {};

TEST_P(ToALabel, HasOneForm) { EXPECT_EQ(to_a_label(GetParam().given), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Domains, ToALabel,
    testing::Values(DomainCase{"got.com", "got.com"}, DomainCase{"GoT.Com.", "got.com"},
                    DomainCase{"b\xc3\xbc"
                               "cher.example",
                               "xn--bcher-kva.example"},
                    DomainCase{"B\xc3\x9c"
                               "CHER.example",
                               "xn--bcher-kva.example"},
                    DomainCase{"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
                    DomainCase{"_dmarc.got.com", "_dmarc.got.com"},
                    DomainCase{"[192.0.2.1]", "[192.0.2.1]"},
                    DomainCase{"[IPv6:2001:DB8::1]", "[IPv6:2001:db8::1]"},
                    DomainCase{"", std::nullopt}, DomainCase{".", std::nullopt},
                    DomainCase{"a..b", std::nullopt}, DomainCase{".a", std::nullopt},
                    DomainCase{"-a.b", std::nullopt}, DomainCase{"a b.c", std::nullopt},
                    DomainCase{std::string_view("a\0b.c", 5), std::nullopt},
                    DomainCase{"a/b.c", std::nullopt}, DomainCase{"[not-an-ip]", std::nullopt}));

TEST(ToALabelLimits, LabelsAndNamesAreBounded) {
  EXPECT_TRUE(to_a_label(std::string(63, 'a') + ".b"));
  EXPECT_FALSE(to_a_label(std::string(64, 'a') + ".b"));
  EXPECT_FALSE(to_a_label(std::string(5000, 'a')));
}

struct AddressCase {
  std::string_view given;
  std::string key;
  std::string printed;
};

class Parsed : public testing::TestWithParam<AddressCase> {};

TEST_P(Parsed, KeyFoldsWhatSpellingVaries) {
  const auto address = Address::parse(GetParam().given);
  ASSERT_TRUE(address) << GetParam().given;
  EXPECT_EQ(address->key(), GetParam().key);
  EXPECT_EQ(address->to_string(), GetParam().printed);
}

INSTANTIATE_TEST_SUITE_P(
    Spellings, Parsed,
    testing::Values(
        AddressCase{"joffrey@lannister.net", "joffrey@lannister.net", "joffrey@lannister.net"},
        AddressCase{"<Joffrey@Lannister.NET>", "joffrey@lannister.net", "Joffrey@lannister.net"},
        AddressCase{"\"joffrey\"@lannister.net", "joffrey@lannister.net", "joffrey@lannister.net"},
        AddressCase{"\"jof\\frey\"@lannister.net", "joffrey@lannister.net",
                    "joffrey@lannister.net"},
        AddressCase{"\"a b\"@x.net", "a b@x.net", "\"a b\"@x.net"},
        AddressCase{"\"a@b\"@x.net", "a@b@x.net", "\"a@b\"@x.net"},
        AddressCase{"\"a\\\"b\"@x.net", "a\"b@x.net", "\"a\\\"b\"@x.net"},
        AddressCase{"<@relay.net,@two.net:user@x.net>", "user@x.net", "user@x.net"},
        AddressCase{"user@x.net.", "user@x.net", "user@x.net"}));

class NotAMailbox : public testing::TestWithParam<std::string_view> {};

TEST_P(NotAMailbox, IsNothing) { EXPECT_FALSE(Address::parse(GetParam())); }

INSTANTIATE_TEST_SUITE_P(Spellings, NotAMailbox,
                         testing::Values("", "<>", "joffrey", "@x.net", "a@", "a@b@", "\"a@x.net",
                                         "\"a\"b@x.net", std::string_view("a\0b@x.net", 9),
                                         "a\r\nb@x.net", "a\nb@x.net", "\"\"@x.net"));

// Longer than RFC 5321 asks everybody to take is no way round the rules.
TEST(AddressLimits, ALongLocalPartIsStillSomebodys) {
  EXPECT_TRUE(Address::parse(std::string(65, 'a') + "@x.net"));
  EXPECT_TRUE(Address::parse(std::string(512, 'a') + "@x.net"));
  EXPECT_FALSE(Address::parse(std::string(513, 'a') + "@x.net"));
}

TEST(SubAddress, IsCutForTheLookUpOnly) {
  const auto address = Address::parse("Joffrey+King@x.net");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->key(), "joffrey+king@x.net");
  EXPECT_EQ(address->key_without_extension(""), "joffrey+king@x.net");
  EXPECT_EQ(address->key_without_extension("+"), "joffrey@x.net");
  EXPECT_EQ(address->key_without_extension("-+"), "joffrey@x.net");
  EXPECT_EQ(Address::parse("+odd@x.net")->key_without_extension("+"), "+odd@x.net");
}

TEST(InDomain, KeepsTheLocalPart) {
  EXPECT_EQ(Address::parse("\"A b\"@starks.net")->in_domain("stark.net").to_string(),
            "\"A b\"@stark.net");
}

}  // namespace
}  // namespace postern::mail
