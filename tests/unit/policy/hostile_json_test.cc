// Whatever a writer, a customer or an attacker puts under a key ends in a refusal that names the
// place, and never in more than that document being refused.
#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fault;

std::string nested(std::size_t depth) {
  return R"({"id":"a","x":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

struct Hostile {
  std::string name;
  std::string json;
  std::string reason;
};

class HostileJson : public testing::TestWithParam<Hostile> {};

TEST_P(HostileJson, IsRefusedForEveryType) {
  for (const std::string_view document :
       {"domain:got.com", "user:a@got.com", "policy:a", "platform:a", "dkim:got.com",
        "wblist:got.com", "smarthost:default"}) {
    const std::string why = fault(document, GetParam().json);
    EXPECT_NE(why.find(GetParam().reason), std::string::npos) << document << ": " << why;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, HostileJson,
    testing::Values(
        Hostile{"Empty", "", "line 1, column 1"}, Hostile{"Blank", " \n ", "not JSON"},
        Hostile{"Cut", "{\n  \"id\": \"a\",\n  \"na", "line 3"},
        Hostile{"Trailing", R"({"id":"a"} {})", "line 1, column 12"},
        Hostile{"TrailingComma", R"({"id":"a",})", "not JSON"},
        Hostile{"Comment", "{} // no", "not JSON"},
        Hostile{"UnterminatedString", "{\"notes_external\": \"", "not JSON"},
        Hostile{"Ellipsis", "{...}", "not JSON"}, Hostile{"NotANumber", R"({"x":NaN})", "not JSON"},
        Hostile{"HugeNumber", R"({"x":1e999})", "not JSON"},
        Hostile{"ControlCharacter", "{\"x\":\"a\nb\"}", "not JSON"},
        Hostile{"Twice", R"({"id":"a","id":"b"})", R"(the member "id" stands twice)"},
        Hostile{"TwiceByEscape", R"({"id":"a","\u0069d":"b"})", R"(the member "id" stands twice)"},
        Hostile{"TwiceInside", R"({"x":[{"y":1,"z":2,"y":3}]})", R"(the member "y" stands twice)"},
        Hostile{"NulBehind", std::string("{\"id\":\"a\"}\0{}", 13), "a NUL at line 1, column 11"},
        Hostile{"InvalidUtf8", "{\"x\":\"\xff\xfe\"}", "not JSON"},
        Hostile{"OverlongUtf8", "{\"x\":\"\xc0\x80\"}", "not JSON"},
        Hostile{"LoneSurrogate", R"({"x":"\ud800"})", "not JSON"},
        Hostile{"TooDeep", nested(65), "deeper than 64 levels"},
        Hostile{"FarTooDeep", std::string(1'000'000, '['), "deeper than 64 levels"}),
    [](const auto& test) { return test.param.name; });

TEST(HostileJson, OverSixteenMebibytesIsRefusedUnread) {
  const std::string json = "[" + std::string(16 * 1024 * 1024, ' ') + "]";
  EXPECT_EQ(fault("wblist:got.com", json), "the document has 16777218 octets, more than 16777216");
}

TEST(HostileJson, SixtyFourLevelsAreRead) { EXPECT_EQ(fault("policy:a", nested(64)), ""); }

TEST(HostileJson, AnErrorNeverQuotesTheTextAroundASyntaxError) {
  const std::string why =
      fault("dkim:got.com", R"({"privateKey":"-----BEGIN PRIVATE KEY-----MIIEvQ)");
  EXPECT_EQ(why.find("MIIE"), std::string::npos);
  EXPECT_EQ(why.find("BEGIN"), std::string::npos);
}

TEST(HostileJson, AnErrorQuotesAValueOnlyCutAndPrintable) {
  const std::string json =
      R"({"id":"a","spamScore":"\u001b[31m\r\n)" + std::string(5000, 'x') + "\"}";
  const std::string why = fault("policy:a", json);
  EXPECT_LT(why.size(), 200U);
  EXPECT_TRUE(why.starts_with("/spamScore: expected a number, found a string \"?[31m??xxx")) << why;
}

TEST(HostileJson, AMillionMembersDoNotTakeLong) {
  std::string json = R"({"id":"a")";
  for (int i = 0; i < 500'000; ++i) json += ",\"" + std::to_string(i) + "\":0";
  EXPECT_EQ(fault("policy:a", json + "}"), "");
  EXPECT_NE(fault("policy:a", json + ",\"77\":1}"), "");
}

}  // namespace
}  // namespace postern::policy
