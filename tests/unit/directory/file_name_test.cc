// Which file stands for which document.
#include "adapters/directory/file_name.h"

#include <gtest/gtest.h>

#include <string>

namespace postern::directory {
namespace {

std::string meaning_of(std::string_view file) {
  const auto meaning = read_file_name(file);
  if (std::holds_alternative<IgnoredFile>(meaning)) return "(ignored)";
  if (std::holds_alternative<RefusedFile>(meaning)) return "(refused)";
  const auto& document = std::get<DocumentFile>(meaning);
  return document.name + (document.format == Format::json ? " as JSON" : " as YAML");
}

TEST(FileName, SaysTheDocument) {
  const std::pair<const char*, const char*> cases[] = {
      {"got.com.json", "got.com as JSON"},
      {"got.com.yml", "got.com as YAML"},
      {"got.com.yaml", "got.com as YAML"},
      {"joffrey@lannister.net.json", "joffrey@lannister.net as JSON"},
      {"%2A.json", "* as JSON"},
      {"%2a.json", "* as JSON"},
      {"a%2Fb@got.com.json", "a/b@got.com as JSON"},
      {"50%25@got.com.json", "50%@got.com as JSON"},
      {"50%off@got.com.json", "(refused)"},
      {"a%2.json", "(refused)"},
      {"a%00.json", "(refused)"},
      {"a%+1.json", "(refused)"},
      {".got.com.json", "(ignored)"},
      {"..data", "(ignored)"},
      {".got.com.json.swp", "(ignored)"},
      {"got.com.json~", "(ignored)"},
      {"got.com.json.tmp", "(ignored)"},
      {"got.com.json.swp", "(ignored)"},
      {"#got.com.json#", "(ignored)"},
      {"got.com", "(refused)"},
      {"got.com.json.bak", "(refused)"},
      {"README", "(refused)"},
      {".json", "(ignored)"},
  };
  for (const auto& [file, meaning] : cases) EXPECT_EQ(meaning_of(file), meaning) << file;
}

}  // namespace
}  // namespace postern::directory
