// One event is one line that says everything, whatever a sender put into it.
#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <thread>

#include "base/text.h"
#include "unit/base/captured_stderr.h"

namespace postern {
namespace {

using log::Format;
using log::Level;
using testing::HasSubstr;
using testing::MatchesRegex;

// What write() puts on standard error under a format.
std::string written(Format format, Level level, std::string_view message,
                    const log::Fields& fields) {
  const CapturedStderr captured;
  log::configure(Level::debug, format);
  log::write(level, message, fields);
  return captured.text();
}

nlohmann::json json_written(Level level, std::string_view message, const log::Fields& fields) {
  const std::string line = written(Format::json, level, message, fields);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
  return nlohmann::json::parse(line);
}

TEST(TextLog, IsForPeople) {
  EXPECT_THAT(written(Format::text, Level::info, "message accepted",
                      {{"queue_id", "4XyZ"}, {"size", 1234}, {"subject", "two words"}}),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z info "
                           "message accepted queue_id=4XyZ size=1234 subject=\"two words\"\n"));
}

struct ValueCase {
  std::string_view value;
  std::string_view expected;  // with its name, at the end of the line
};
class TextValues : public testing::TestWithParam<ValueCase> {};

TEST_P(TextValues, AreQuotedWhenTheyMustBe) {
  const std::string line =
      written(Format::text, Level::info, "m", {{"key", GetParam().value}, {"next", 1}});
  EXPECT_TRUE(line.ends_with(" m " + std::string(GetParam().expected) + " next=1\n")) << line;
}

INSTANTIATE_TEST_SUITE_P(
    All, TextValues,
    testing::Values(ValueCase{"plain", "key=plain"}, ValueCase{"", "key=\"\""},
                    ValueCase{"a b", "key=\"a b\""}, ValueCase{"a=b", "key=\"a=b\""},
                    ValueCase{"say \"x\"", "key=\"say \\\"x\\\"\""},
                    ValueCase{"a\\b", "key=a\\\\b"},
                    ValueCase{"x\" next=9", "key=\"x\\\" next=9\""}, ValueCase{"a\nb", "key=a\\nb"},
                    ValueCase{"\r\n\t", "key=\\r\\n\\t"}, ValueCase{"\x1b[2J", "key=\\x1b[2J"},
                    ValueCase{std::string_view("nul\0!", 5), "key=nul\\x00!"},
                    ValueCase{"\xff", "key=\xef\xbf\xbd"}, ValueCase{"\xc3\xa4", "key=\xc3\xa4"}));

TEST(TextLog, MessageAndNamesCannotBreakTheLineEither) {
  const std::string line =
      written(Format::text, Level::warning, "first\nsecond", {{"Odd name=\n", "x"}});
  EXPECT_TRUE(line.ends_with(" warning first\\nsecond odd_name__=x\n")) << line;
}

TEST(JournalLog, WithoutTheJournalIsLinesWithPriorities) {
  unsetenv("JOURNAL_STREAM");
  const std::pair<Level, const char*> priorities[] = {
      {Level::debug, "<7>"}, {Level::info, "<6>"}, {Level::warning, "<4>"}, {Level::error, "<3>"}};
  for (const auto& [level, prefix] : priorities) {
    EXPECT_EQ(written(Format::journal, level, "said", {{"key", "a b"}}),
              std::string(prefix) + "said key=\"a b\"\n");
  }
}

TEST(JsonLog, HasTimeLevelMessageAndFields) {
  const auto object =
      json_written(Level::warning, "spam stored",
                   {{"score", 7}, {"id", "00ff"}, {"large", std::uint64_t{1} << 63}, {"low", -5}});
  EXPECT_TRUE(std::regex_match(object.at("time").get<std::string>(),
                               std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
  EXPECT_EQ(object.at("level"), "warning");
  EXPECT_EQ(object.at("message"), "spam stored");
  EXPECT_EQ(object.at("score"), 7);
  EXPECT_TRUE(object.at("score").is_number_integer());
  EXPECT_EQ(object.at("large"), std::uint64_t{1} << 63);
  EXPECT_EQ(object.at("low"), -5);
  // Digits that are a text stay a text.
  EXPECT_EQ(json_written(Level::info, "m", {{"id", "123"}}).at("id"), "123");
}

TEST(JsonLog, KeepsTimeLevelAndMessageForItself) {
  const auto object =
      json_written(Level::info, "real", {{"message", "false"}, {"level", "x"}, {"a", 1}, {"a", 2}});
  EXPECT_EQ(object.at("message"), "real");
  EXPECT_EQ(object.at("message_"), "false");
  EXPECT_EQ(object.at("level_"), "x");
  EXPECT_EQ(object.at("a"), 1);
  EXPECT_EQ(object.at("a_"), 2);
}

TEST(JsonLog, HostileValuesSurviveAsText) {
  const std::string hostile("a\"\\\n\x1b\x7f\0\xc3\xa4", 9);
  EXPECT_EQ(json_written(Level::info, "m", {{"v", hostile}}).at("v"), hostile);
  EXPECT_EQ(json_written(Level::info, "m", {{"v", "\xff!"}}).at("v"), "\xef\xbf\xbd!");
  const std::string line = written(Format::json, Level::info, "m", {{"v", "\xe2\x80\xa8\x7f"}});
  EXPECT_THAT(line, HasSubstr("\\u2028"));
}

class Bounded : public testing::TestWithParam<Format> {};

TEST_P(Bounded, ALineIsNeverLargerThan32KiB) {
  unsetenv("JOURNAL_STREAM");
  const std::string huge(1'000'000, '\x01');  // each becomes \u0001: six times as long
  log::Fields fields;
  for (int i = 0; i < 5'000; ++i)
    fields.emplace_back("field_" + std::to_string(i), huge.substr(0, 2'000));
  for (const log::Fields& some : {log::Fields{{"one", huge}}, fields}) {
    const std::string line = written(GetParam(), Level::error, huge, some);
    EXPECT_LE(line.size(), 32U * 1024);
    EXPECT_GT(line.size(), 1024U);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    if (GetParam() == Format::json) {
      EXPECT_NO_THROW(nlohmann::json::parse(line));
    }
  }
  // What is merely long is kept whole.
  const std::string long_value(15'000, 'x');
  EXPECT_THAT(written(GetParam(), Level::info, "m", {{"v", long_value}}), HasSubstr(long_value));
}

INSTANTIATE_TEST_SUITE_P(Formats, Bounded,
                         testing::Values(Format::journal, Format::json, Format::text));

TEST(Levels, BelowTheLeastNothingIsWritten) {
  const CapturedStderr captured;
  log::configure(Level::warning, Format::text);
  log::debug("quiet debug");
  log::info("quiet info");
  log::warning("a warning");
  log::error("an error");
  log::configure(Level::error, Format::text);
  log::warning("quiet warning");
  const std::string text = captured.text();
  EXPECT_THAT(text, HasSubstr("a warning"));
  EXPECT_THAT(text, HasSubstr("an error"));
  EXPECT_EQ(text.find("quiet"), std::string::npos) << text;
}

// Through a pipe, where large writes are cut short: the hard case for keeping lines apart.
TEST(Threads, WriteWholeLines) {
  constexpr int kThreads = 6;
  constexpr int kLines = 60;
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  UniqueFd saved(dup(STDERR_FILENO));
  ASSERT_GE(dup2(to.get(), STDERR_FILENO), 0);
  to.reset();
  log::configure(Level::info, Format::json);
  std::string all;
  std::thread reader([&] {
    char buffer[3000];
    ssize_t got = 0;
    while ((got = read(from.get(), buffer, sizeof buffer)) > 0) {
      all.append(buffer, static_cast<std::size_t>(got));
    }
  });
  std::vector<std::thread> writers;
  for (int t = 0; t < kThreads; ++t) {
    writers.emplace_back([t] {
      const std::string value(12'000, static_cast<char>('a' + t));
      for (int n = 0; n < kLines; ++n) log::info("line", {{"thread", t}, {"value", value}});
    });
  }
  for (std::thread& writer : writers) writer.join();
  dup2(saved.get(), STDERR_FILENO);
  reader.join();
  std::map<int, int> lines;
  for (const std::string_view line : split(all, '\n')) {
    if (line.empty()) continue;
    const auto object = nlohmann::json::parse(line);
    const int thread = object.at("thread");
    ASSERT_EQ(object.at("value"), std::string(12'000, static_cast<char>('a' + thread)));
    ++lines[thread];
  }
  for (int t = 0; t < kThreads; ++t) EXPECT_EQ(lines[t], kLines);
}

TEST(ClosedStderr, IsNoReasonToStop) {
  const UniqueFd saved(dup(STDERR_FILENO));
  close(STDERR_FILENO);
  for (const Format format : {Format::journal, Format::json, Format::text}) {
    log::configure(Level::info, format);
    log::info("to nobody");
  }
  ASSERT_GE(dup2(saved.get(), STDERR_FILENO), 0);
  EXPECT_THAT(written(Format::text, Level::info, "to somebody", {}), HasSubstr("to somebody"));
}

}  // namespace
}  // namespace postern
