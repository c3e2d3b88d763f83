// What an operator can rely on who writes policy documents in YAML.
#include "adapters/directory/yaml_to_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace postern::directory {
namespace {

using testing::HasSubstr;

struct Good {
  const char* name;
  const char* yaml;
  const char* json;
};
void PrintTo(const Good& good, std::ostream* out) { *out << good.name; }

class YamlAsJson : public testing::TestWithParam<Good> {};

TEST_P(YamlAsJson, MeansTheSame) {
  const auto json = yaml_to_json(GetParam().yaml);
  ASSERT_TRUE(json.ok()) << json.error().what;
  EXPECT_EQ(*json, GetParam().json);
}

INSTANTIATE_TEST_SUITE_P(
    CoreSchema, YamlAsJson,
    testing::Values(
        Good{"Map", "name: got.com\nid: Eygdk\n", R"({"name":"got.com","id":"Eygdk"})"},
        Good{"JsonIsYaml", R"({"a": [1, true, null, "x"]})", R"({"a":[1,true,null,"x"]})"},
        Good{"QuotedScalarsStayTexts", "a: '5'\nb: \"true\"\nc: 'null'\nd: ''\n",
             R"({"a":"5","b":"true","c":"null","d":""})"},
        Good{"Nulls", "a:\nb: ~\nc: null\nd: NULL\n", R"({"a":null,"b":null,"c":null,"d":null})"},
        Good{"Booleans", "a: true\nb: False\nc: TRUE\n", R"({"a":true,"b":false,"c":true})"},
        Good{"YesAndNoAreTexts", "a: yes\nb: no\nc: on\nd: y\n",
             R"({"a":"yes","b":"no","c":"on","d":"y"})"},
        Good{"Integers", "a: 5\nb: -7\nc: +3\nd: 0o17\ne: 0xff\nf: 18446744073709551615\n",
             R"({"a":5,"b":-7,"c":3,"d":15,"e":255,"f":18446744073709551615})"},
        Good{"Floats", "a: 7.2\nb: -0.5\nc: 1e3\nd: .5\ne: 6.\n",
             R"({"a":7.2,"b":-0.5,"c":1000.0,"d":0.5,"e":6.0})"},
        Good{"NearlyNumbers", "a: 1.2.3\nb: 0o9\nc: 0x\nd: 1e\ne: '-'\nf: +\ng: 12a\n",
             R"({"a":"1.2.3","b":"0o9","c":"0x","d":"1e","e":"-","f":"+","g":"12a"})"},
        Good{"ForcedText", "a: !!str 5\n", R"({"a":"5"})"},
        Good{"BlockText", "a: |\n  one\n  two\n", R"({"a":"one\ntwo\n"})"},
        Good{"AnchorsAndAliases", "a: &x {n: 1}\nb: *x\nc: [*x, *x]\n",
             R"({"a":{"n":1},"b":{"n":1},"c":[{"n":1},{"n":1}]})"},
        Good{"KeysAreTexts", "5: five\ntrue: yes\n", R"({"5":"five","true":"yes"})"},
        Good{"UnknownMembersKeepTheirOrder", "z: 1\na: 2\nm: 3\n", R"({"z":1,"a":2,"m":3})"},
        Good{"Umlauts",
             "name: b\xc3\xbc"
             "cher.example\n",
             "{\"name\":\"b\xc3\xbc"
             "cher.example\"}"}),
    [](const auto& param_info) { return param_info.param.name; });

struct Bad {
  const char* name;
  std::string yaml;
  const char* reason;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadYaml : public testing::TestWithParam<Bad> {};

TEST_P(BadYaml, IsRefusedWithItsReason) {
  const auto json = yaml_to_json(GetParam().yaml);
  ASSERT_FALSE(json.ok()) << *json;
  EXPECT_THAT(json.error().what, HasSubstr(GetParam().reason));
}

// Each level stands for ten of the level below.
std::string laughs(int levels) {
  std::string yaml = "- &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level <= levels; ++level) {
    const std::string below = "*a" + std::to_string(level - 1);
    yaml += "- &a" + std::to_string(level) + " [";
    for (int at = 0; at < 10; ++at) yaml += (at == 0 ? "" : ", ") + below;
    yaml += "]\n";
  }
  return yaml;
}

std::string long_list(std::size_t values) {
  std::string yaml = "[";
  for (std::size_t at = 0; at < values; ++at) yaml += "a,";
  return yaml + "]";
}

INSTANTIATE_TEST_SUITE_P(
    Refused, BadYaml,
    testing::Values(Bad{"Empty", "", "no document"},
                    Bad{"OnlyAComment", "# nothing\n", "no document"},
                    Bad{"Syntax", "a: b\nc: [\n", "line "},
                    Bad{"LineOfTheFault", "a: 1\nb: 2\na: 3\n", "line 3"},
                    Bad{"DuplicateKey", "a: 1\na: 2\n", "a stands twice"},
                    Bad{"TwoDocuments", "a: 1\n---\nb: 2\n", "second document"},
                    Bad{"Infinity", "a: .inf\n", "no infinity"},
                    Bad{"NaN", "a: .NaN\n", "no infinity"},
                    Bad{"TooLargeInteger", "a: 18446744073709551616\n", "out of range"},
                    Bad{"TooLargeFloat", "a: 1e999\n", "out of range"},
                    Bad{"MergeKey", "a: &a {x: 1}\nb:\n  <<: *a\n", "merge keys"},
                    Bad{"UnknownTag", "a: !secret x\n", "unknown tag"},
                    Bad{"UnknownAlias", "a: *nowhere\n", "line 1"},
                    Bad{"ListAsKey", "? [a, b]\n: c\n", "a key is a list"},
                    Bad{"NullAsKey", "~: c\n", "a key is null"},
                    Bad{"BillionLaughs", laughs(9), "past its limits"},
                    Bad{"TooManyValues", long_list(kMaxYamlNodes + 1), "past its limits"},
                    Bad{"TooDeep", std::string(100'000, '['), "line 1"},
                    Bad{"TooLarge", "a: " + std::string(kMaxYamlSize, 'x'), "16 MiB"}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(YamlToJson, AnAliasCannotGrowPastTheSizeLimit) {
  // 2 MiB, sixteen times: few values, much text.
  std::string yaml = "- &big " + std::string(std::size_t{2} << 20, 'x') + "\n";
  for (int at = 0; at < 16; ++at) yaml += "- *big\n";
  const auto json = yaml_to_json(yaml);
  ASSERT_FALSE(json.ok());
  EXPECT_THAT(json.error().what, HasSubstr("past its limits"));
}

TEST(YamlToJson, AFaultNeverRepeatsAValue) {
  for (const char* yaml : {"password: \"s3cret\" x\n", "password: s3cret: x\n",
                           "password: \"s3cret\xff\"\n", "password: [s3cret\n"}) {
    const auto json = yaml_to_json(yaml);
    ASSERT_FALSE(json.ok()) << yaml;
    EXPECT_THAT(json.error().what, testing::Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace postern::directory
