// The schemas in config/schema name exactly the members that the decoders read, and the same values.
#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "policy/decode.h"

namespace postern::policy {
namespace {

using nlohmann::json;
using testing::IsEmpty;

json schema_of(const std::string& name) {
  std::ifstream file(std::string(POSTERN_SOURCE_DIR "/config/schema/") + name);
  return json::parse(file, nullptr, false);
}

// A schema beside the part of the example that it describes.
class Walk {
 public:
  explicit Walk(json root) : root_(std::move(root)) {}

  void enter(const json& schema, const json& example, const std::string& pointer) {
    if (schema.contains("$ref")) {
      enter_reference(schema["$ref"], example, pointer);
      return;
    }
    if (schema.contains("anyOf")) {
      for (const json& one : schema["anyOf"]) {
        if (fits(one, example)) enter(one, example, pointer);
      }
      return;
    }
    if (schema.contains("properties") && example.is_object()) {
      for (const auto& [name, member] : schema["properties"].items()) {
        const std::string place = pointer + "/" + name;
        members.insert(place);
        if (member.contains("x-values")) values[place] = member["x-values"];
        if (example.contains(name)) enter(member, example[name], place);
      }
    }
    if (schema.contains("items") && example.is_array())
      enter(schema["items"], example[0], pointer + "/0");
  }

  std::set<std::string> members;
  std::map<std::string, json> values;

 private:
  void enter_reference(const std::string& reference, const json& example,
                       const std::string& pointer) {
    if (reference.starts_with('#')) {
      enter(root_[json::json_pointer(reference.substr(1))], example, pointer);
      return;
    }
    Walk other(schema_of(reference));
    other.enter(other.root_, example, pointer);
    members.merge(other.members);
    values.merge(other.values);
  }
  bool fits(const json& schema, const json& example) const {
    if (schema.contains("$ref")) {
      const std::string reference = schema["$ref"];
      return reference.starts_with('#')
                 ? fits(root_[json::json_pointer(reference.substr(1))], example)
                 : example.is_object();
    }
    const std::string type = schema.value("type", "");
    return (type == "object" && example.is_object()) || (type == "array" && example.is_array());
  }

  json root_;
};

struct Case {
  const char* schema;
  const char* key;
};

// A name for the failing case.
void PrintTo(const Case& one, std::ostream* out) { *out << one.schema; }

class Schema : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const json schema = schema_of(std::string(GetParam().schema) + ".json");
    ASSERT_TRUE(schema.is_object());
    example_ = schema["examples"][0];
    walk_.emplace(schema);
    walk_->enter(schema, example_, "");
  }
  const DocumentKey key_ = *DocumentKey::parse(GetParam().key);
  json example_;
  std::optional<Walk> walk_;
};

TEST_P(Schema, NamesTheMembersThatTheDecoderReads) {
  EXPECT_THAT(faults_of(key_, example_.dump(), {}), IsEmpty());
  EXPECT_EQ(walk_->members, members_read(key_, example_.dump(), {}));
}

TEST_P(Schema, NamesTheValuesThatTheDecoderTakes) {
  for (const auto& [pointer, values] : walk_->values) {
    const auto told = [&, place = json::json_pointer(pointer),
                       &where = pointer](const json& value) {
      json document = example_;
      document[place] = value;
      std::string what;
      for (const DocumentFault& fault : faults_of(key_, document.dump(), {})) {
        // A value that fits its member may not fit another one ("algorithm" the key).
        if (fault.pointer == where && fault.what.starts_with("expected one of")) what = fault.what;
      }
      return what;
    };
    std::string all;
    for (const json& value : values) {
      EXPECT_EQ(told(value), "") << pointer;
      all += (all.empty() ? "" : ", ") + value.get<std::string>();
    }
    EXPECT_THAT(told("NO SUCH VALUE"), testing::StartsWith("expected one of " + all + ", found"))
        << pointer;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Schema,
    testing::Values(Case{"domain", "domain:example.net"}, Case{"user", "user:jon@example.net"},
                    Case{"policy", "policy:P1"}, Case{"platform", "platform:H1"},
                    Case{"wblist", "wblist:example.net"},
                    Case{"attachments", "attachments:example.net"},
                    Case{"uris", "uris:example.net"}, Case{"groups", "groups:example.net"},
                    Case{"dkim", "dkim:example.net"}, Case{"opensrs", "opensrs:example.net"},
                    Case{"smarthost", "smarthost:default"},
                    Case{"identity", "identity:example.net"},
                    Case{"mailfrom", "mailfrom:example.net"}),
    [](const auto& one) { return std::string(one.param.schema); });

}  // namespace
}  // namespace postern::policy
