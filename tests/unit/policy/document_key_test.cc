#include "policy/document_key.h"

#include <gtest/gtest.h>

#include <set>

namespace postern::policy {
namespace {

struct Reading {
  std::string_view given;
  std::string_view canonical;
};

class KeyIsCanonical : public testing::TestWithParam<Reading> {};

TEST_P(KeyIsCanonical, AndStaysTheSameWhenReadAgain) {
  const auto key = DocumentKey::parse(GetParam().given);
  ASSERT_TRUE(key) << key.error().what;
  EXPECT_EQ(key->to_string(), GetParam().canonical);
  EXPECT_EQ(*DocumentKey::parse(key->to_string()), *key);
}

INSTANTIATE_TEST_SUITE_P(
    Names, KeyIsCanonical,
    testing::Values(Reading{"domain:got.com", "domain:got.com"},
                    Reading{"domain:GoT.com.", "domain:got.com"},
                    Reading{"domain:bücher.example", "domain:xn--bcher-kva.example"},
                    Reading{"user:Joffrey@Lannister.NET", "user:joffrey@lannister.net"},
                    Reading{"user:\"joffrey\"@lannister.net", "user:joffrey@lannister.net"},
                    // Ids are opaque: their case tells them apart.
                    Reading{"policy:ByE3n", "policy:ByE3n"}, Reading{"platform:42", "platform:42"},
                    Reading{"wblist:Stark.net", "wblist:stark.net"},
                    Reading{"wblist:Sansa@Stark.net", "wblist:sansa@stark.net"},
                    Reading{"attachments:*", "attachments:*"},
                    Reading{"attachments:stark.net", "attachments:stark.net"},
                    Reading{"uris:stark.net", "uris:stark.net"},
                    Reading{"groups:stark.net", "groups:stark.net"},
                    Reading{"dkim:STARK.net", "dkim:stark.net"},
                    Reading{"opensrs:example.com", "opensrs:example.com"},
                    Reading{"mailfrom:sansa@stark.net", "mailfrom:sansa@stark.net"},
                    Reading{"identity: stark.net", "identity:stark.net"},
                    Reading{"identity:user@ example.com", "identity:user@example.com"},
                    Reading{"smarthost:mailServerSetting#0", "smarthost:mailServerSetting#0"}));

struct Refusal {
  std::string_view given;
  std::string_view reason;
};

class KeyIsRefused : public testing::TestWithParam<Refusal> {};

TEST_P(KeyIsRefused, SayingWhy) {
  const auto key = DocumentKey::parse(GetParam().given);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().permanence, Permanence::permanent);
  EXPECT_NE(key.error().what.find(GetParam().reason), std::string::npos) << key.error().what;
}

INSTANTIATE_TEST_SUITE_P(Names, KeyIsRefused,
                         testing::Values(Refusal{"", "expected <type>:<name>"},
                                         Refusal{"got.com", "expected <type>:<name>"},
                                         Refusal{"domains:got.com", "no document type \"domains\""},
                                         Refusal{"Domain:got.com", "no document type \"Domain\""},
                                         Refusal{"domain:", "not a domain name"},
                                         Refusal{"domain:*", "not a domain name"},
                                         Refusal{"domain:got..com", "not a domain name"},
                                         Refusal{"user:got.com", "not a mail address"},
                                         Refusal{"policy:", "visible ASCII"},
                                         Refusal{"policy:a b", "visible ASCII"},
                                         Refusal{"policy:a\nb", "visible ASCII"},
                                         Refusal{"attachments:", "domain name or *"},
                                         Refusal{"uris:*", "not a domain name"},
                                         Refusal{"wblist:@", "domain name or a mail address"}));

TEST(DocumentKey, RefusesANameThatNobodyCanHave) {
  EXPECT_FALSE(DocumentKey::parse("policy:" + std::string(400, 'x')));
}

TEST(DocumentKey, NamesEveryTypeOnce) {
  std::set<std::string_view> names;
  for (const DocumentType type : kAllDocumentTypes) names.insert(to_string(type));
  EXPECT_EQ(names.size(), kAllDocumentTypes.size());
  EXPECT_FALSE(names.contains(""));
}

}  // namespace
}  // namespace postern::policy
