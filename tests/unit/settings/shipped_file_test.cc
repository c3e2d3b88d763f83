// config/postern.yml is the table of settings for people: every key, its default, its description,
// and nothing else.
#include <gmock/gmock.h>

#include <map>
#include <set>
#include <sstream>

#include "settings/table.h"
#include "settings/tree.h"
#include "unit/settings/loading.h"

namespace postern::settings {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string shipped_text() {
  std::ifstream file(POSTERN_SOURCE_DIR "/config/postern.yml");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty());
  return text.str();
}

void collect_keys(const Node& node, const std::string& prefix, const std::set<std::string>& known,
                  std::vector<std::string>& keys) {
  for (const Node::Member& member : node.members) {
    const std::string key = prefix + member.key;
    if (member.value.kind == Node::Kind::map && !known.contains(key)) {
      collect_keys(member.value, key + ".", known, keys);
    } else {
      keys.push_back(key);
    }
  }
}

TEST(ShippedFile, SaysEveryKeyInTheTablesOrderAndNothingElse) {
  const auto tree = parse_tree(shipped_text(), "postern.yml");
  ASSERT_TRUE(std::holds_alternative<Node>(tree));
  std::vector<std::string> expected;
  for (const SettingInfo& info : describe_settings()) expected.push_back(info.key);
  std::vector<std::string> keys;
  collect_keys(std::get<Node>(tree), "", {expected.begin(), expected.end()}, keys);
  EXPECT_EQ(keys, expected);
}

TEST(ShippedFile, SaysEachDefault) {
  EXPECT_THAT(changes(Settings(), settings_of(shipped_text())), IsEmpty());
}

// Of a line's comment, or nothing.
std::string comment_of(const std::string& line) {
  const std::size_t hash = line.find('#');
  if (hash == std::string::npos) return {};
  return hash == 0 || line[hash - 1] == ' ' ? line.substr(hash + 1) : std::string();
}

TEST(ShippedFile, DescribesEachKeyInTheTablesWords) {
  // The comments right above each line that says a key, as one line of single blanks.
  std::vector<std::pair<std::string, std::string>> described;
  std::istringstream lines(shipped_text());
  std::string line;
  std::string comments;
  while (std::getline(lines, line)) {
    if (line.find_first_not_of(' ') == std::string::npos) {
      comments.clear();
    } else if (line[line.find_first_not_of(' ')] == '#') {
      std::istringstream words(comment_of(line));
      for (std::string word; words >> word;) comments += (comments.empty() ? "" : " ") + word;
    } else {
      described.emplace_back(line, comments);
      comments.clear();
    }
  }
  std::size_t next = 0;
  for (const SettingInfo& info : describe_settings()) {
    const std::string name = info.key.substr(info.key.rfind('.') + 1);
    const std::string value = name + ": " + info.default_text;
    while (next < described.size() && !described[next].first.ends_with(value)) ++next;
    ASSERT_LT(next, described.size()) << "no line '" << value << "' for " << info.key;
    EXPECT_THAT(described[next].second, HasSubstr(info.description)) << info.key;
    ++next;
  }
}

// What is commented out can be commented in, and states the defaults of what it shows.
TEST(ShippedFile, ExamplesAreRightToo) {
  std::istringstream lines(shipped_text());
  std::map<std::string, std::string> examples;
  std::string line;
  std::string name;
  while (std::getline(lines, line)) {
    const std::string comment = comment_of(line);
    for (const char* start : {" scanners:", " virus:", " providers:"}) {
      if (comment.starts_with(start)) name = start;
    }
    if (comment.empty()) name.clear();
    if (!name.empty() && (comment.starts_with("  ") || comment.starts_with(name))) {
      examples[name] += comment.substr(1) + "\n";
    }
  }
  const auto indented = [](const std::string& section, const std::string& text) {
    std::string result = section + ":\n";
    std::istringstream rest(text);
    for (std::string each; std::getline(rest, each);) result += "  " + each + "\n";
    return result;
  };
  const Settings spam = settings_of(indented("spam", examples[" scanners:"]));
  const std::vector<Scanner> each_kind = {SpamdScanner(), RspamdScanner(), HeaderScanner()};
  EXPECT_EQ(spam.spam.scanners, each_kind);
  EXPECT_EQ(settings_of(examples[" virus:"]).virus, Virus());
  const Settings outgoing = settings_of(indented("outgoing", examples[" providers:"]));
  EXPECT_EQ(outgoing.outgoing.providers.size(), 1U);
  // Each member of a scanner is in its example.
  for (const SettingInfo& info : describe_members()) {
    const std::string member = info.key.substr(info.key.rfind('.') + 1) + ": " + info.default_text;
    const std::string& example = examples[info.key.starts_with("virus") ? " virus:" : " scanners:"];
    EXPECT_THAT(example, HasSubstr(member));
  }
}

}  // namespace
}  // namespace postern::settings
