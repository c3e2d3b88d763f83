// A selector names one key for good; and what stands in the DNS is judged by the key in force.
#include "policy/dkim_rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/dkim_record.h"
#include "policy/dkim_report.h"
#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::decoded;
using test::key;
using testing::HasSubstr;

constexpr const char* kSeed = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
constexpr const char* kOtherSeed = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=";

std::string one(const std::string& selector, const std::string& seed,
                const std::string& state = "active") {
  return R"({"selector":")" + selector + R"(","state":")" + state + R"(","privateKey":")" + seed +
         R"("})";
}
std::string opensrs(const std::string& selector, const std::string& seed) {
  return R"({"domain":"got.com","attributes":{"dkim_selector":")" + selector + R"(","dkim_key":")" +
         seed + R"("}})";
}

// Puts documents in force one after the other; answers what the last one was refused for.
std::string last_word(const std::vector<std::pair<std::string, std::string>>& documents) {
  SnapshotEditor editor(Snapshot{}, {});
  std::string word;
  for (const auto& [name, json] : documents) {
    if (json.empty()) {
      editor.erase(key(name));
      continue;
    }
    const Status put = editor.put(key(name), json);
    word = put ? "" : put.error().what;
  }
  return word;
}

TEST(Rotation, ANewKeyNeedsANewSelector) {
  const std::string why = last_word(
      {{"dkim:got.com", one("protect", kSeed)}, {"dkim:got.com", one("protect", kOtherSeed)}});
  EXPECT_THAT(why, HasSubstr("selector \"protect\" is in force with the key p=..."));
  EXPECT_THAT(why, HasSubstr(": a new key needs a new selector"));
  EXPECT_EQ(why.find(kSeed), std::string::npos);
  EXPECT_EQ(
      last_word({{"dkim:got.com", one("protect", kSeed)}, {"dkim:got.com", one("p2", kOtherSeed)}}),
      "");
}

TEST(Rotation, WhateverStateTheKeyIsIn) {
  for (const char* state : {"published", "active", "retiring"}) {
    EXPECT_NE(last_word({{"dkim:got.com", one("protect", kSeed, state)},
                         {"dkim:got.com", one("protect", kOtherSeed)}}),
              "");
    // The same key goes from state to state.
    EXPECT_EQ(last_word({{"dkim:got.com", one("protect", kSeed, state)},
                         {"dkim:got.com", one("protect", kSeed, "retiring")}}),
              "");
  }
}

TEST(Rotation, ARefusedKeyLeavesTheOneInForceSigning) {
  SnapshotEditor editor(Snapshot{}, {});
  ASSERT_TRUE(editor.put(key("dkim:got.com"), one("protect", kSeed)));
  ASSERT_FALSE(editor.put(key("dkim:got.com"),
                          "[" + one("p2", kOtherSeed) + "," + one("protect", kOtherSeed) + "]"));
  const auto snapshot = editor.finish(1);
  ASSERT_EQ(snapshot->dkim("got.com")->keys.size(), 1U);
  EXPECT_EQ(snapshot->dkim("got.com")->keys[0].public_key,
            decoded<DkimKeys>("dkim:got.com", one("protect", kSeed)).keys[0].public_key);
}

TEST(Rotation, ADeletedDocumentIsForgotten) {
  EXPECT_EQ(last_word({{"dkim:got.com", one("protect", kSeed)},
                       {"dkim:got.com", ""},
                       {"dkim:got.com", one("protect", kOtherSeed)}}),
            "");
  EXPECT_EQ(last_word({{"dkim:got.com", one("protect", kSeed)},
                       {"dkim:stark.net", one("protect", kOtherSeed)}}),
            "");
}

TEST(Rotation, HoldsForOpensrsKeysTooWhileTheySign) {
  EXPECT_NE(last_word({{"opensrs:got.com", opensrs("protect", kSeed)},
                       {"opensrs:got.com", opensrs("protect", kOtherSeed)}}),
            "");
  EXPECT_NE(last_word({{"opensrs:got.com", opensrs("protect", kSeed)},
                       {"dkim:got.com", one("protect", kOtherSeed)}}),
            "");
  // A dkim document goes first: the other's key signs nothing, and its domain must be served.
  EXPECT_EQ(last_word({{"dkim:got.com", one("protect", kSeed)},
                       {"opensrs:got.com", opensrs("protect", kOtherSeed)}}),
            "");
}

TEST(DkimRecord, IsWrittenAsResolversReadIt) {
  const DkimKey ed = decoded<DkimKeys>("dkim:got.com", one("protect", kSeed)).keys[0];
  EXPECT_EQ(dkim_record_name("protect", "got.com"), "protect._domainkey.got.com");
  EXPECT_EQ(dkim_record_text(ed), "v=DKIM1; k=ed25519; p=" + ed.public_key);
  DkimKey rsa;
  rsa.public_key = std::string(600, 'A');
  EXPECT_EQ(dkim_record_text(rsa), "v=DKIM1; p=" + rsa.public_key);
  const std::string text = dkim_record_text(rsa);
  EXPECT_EQ(dkim_zone_line("a._domainkey.got.com", text),
            "a._domainkey.got.com. IN TXT ( \"" + text.substr(0, 255) + "\" \"" +
                text.substr(255, 255) + "\" \"" + text.substr(510) + "\" )");
}

TEST(DkimRecord, IsJudgedByTheKeyInForce) {
  const DkimKey key_in_force = decoded<DkimKeys>("dkim:got.com", one("protect", kSeed)).keys[0];
  const DkimKey other = decoded<DkimKeys>("dkim:got.com", one("protect", kOtherSeed)).keys[0];
  const std::string good = dkim_record_text(key_in_force);
  const struct {
    std::vector<std::string> texts;
    const char* result;
  } cases[] = {
      {{good}, "OK"},
      {{"k=ed25519;p=" + key_in_force.public_key}, "OK"},
      {{"v=spf1 -all", good}, "OK"},
      {{}, "ERROR_DKIM_MISSING_ENTRY"},
      {{"v=spf1 -all"}, "ERROR_DKIM_MISSING_ENTRY"},
      {{dkim_record_text(other)}, "ERROR_DKIM_INVALID_COUPLE"},
      {{good, dkim_record_text(other)}, "ERROR_DKIM_INVALID_COUPLE"},
      {{"v=DKIM1; p=" + key_in_force.public_key}, "ERROR_DKIM_INVALID_COUPLE"},  // k= is missing
      {{"v=DKIM1; k=ed25519; p="}, "ERROR_DKIM_INVALID_COUPLE"},                 // revoked
      {{"v=DKIM1; k=ed25519; p=broken!"}, "ERROR_DKIM_INVALID_COUPLE"},
  };
  for (const auto& [texts, result] : cases) {
    const auto verdict = judge_dkim_record(key_in_force, texts);
    EXPECT_EQ(to_string(verdict.health), result) << testing::PrintToString(texts);
    EXPECT_EQ(verdict.problem.empty(), verdict.health == DkimHealth::ok);
  }
}

TEST(DkimReport, NamesEveryDomainThatNeedsTheKeyAndNoSecret) {
  const auto set = test::set_of(
      {{"domain:got.com",
        R"({"name":"got.com","domainAliases":[{"name":"thrones.example"}],"policy":{"name":"p"}})"},
       {"dkim:got.com", one("protect", kSeed, "published")}});
  for (const char* name : {"got.com", "GOT.com", "thrones.example"}) {
    const auto report = dkim_report(*set, name);
    ASSERT_TRUE(report) << name;
    EXPECT_THAT(*report, HasSubstr(R"("names":["got.com","thrones.example"])"));
    EXPECT_THAT(*report, HasSubstr(R"("state":"published")"));
    EXPECT_EQ(report->find("PRIVATE"), std::string::npos);
    EXPECT_EQ(report->find(kSeed), std::string::npos);
  }
  EXPECT_FALSE(dkim_report(*set, "stark.net"));
  EXPECT_FALSE(dkim_report(*set, "no domain"));
}

}  // namespace
}  // namespace postern::policy
