// What the code declares is in the manual: a new setting, verb or option that is missing there fails here.
#include "manual/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "command_line.h"
#include "ctl/verbs.h"
#include "manual/mdoc.h"
#include "settings/table.h"

namespace postern::manual {
namespace {

using ::testing::HasSubstr;

std::string source_of(const std::string& page) {
  std::ifstream file(std::string(POSTERN_SOURCE_DIR) + "/docs/man/" + page + ".in");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << page;
  return text.str();
}

std::string made(const std::string& page) {
  const auto text = page_of(source_of(page));
  if (!text) {
    ADD_FAILURE() << page << ": " << text.error().what;
    return "";
  }
  return *text;
}

TEST(Manual, NamesEverySettingWithItsDefault) {
  const std::string page = made("postern.yml.5");
  for (const settings::SettingInfo& setting : settings::describe_settings()) {
    EXPECT_THAT(page, HasSubstr(".It Ic " + literal(setting.key) + " : Ar " +
                                literal(setting.default_text) + "\n"));
  }
}

TEST(Manual, NamesWhatStandsInsideAScanner) {
  const std::string page = made("postern.yml.5");
  for (const settings::SettingInfo& member : settings::describe_members()) {
    const std::string last = member.key.substr(member.key.rfind('.') + 1);
    EXPECT_THAT(page, HasSubstr(".It Ic " + literal(last) + " : Ar ")) << member.key;
    if (!member.of.empty()) {
      EXPECT_THAT(page, HasSubstr(".Ss spam.scanners, " + member.of));
    }
  }
}

TEST(Manual, SaysWhatNeedsARestart) {
  const std::string page = made("postern.yml.5");
  for (const settings::SettingInfo& setting : settings::describe_settings()) {
    const std::size_t at = page.find(".It Ic " + literal(setting.key) + " :");
    ASSERT_NE(at, std::string::npos) << setting.key;
    const std::size_t end = std::min(page.find(".It ", at + 1), page.find(".El", at));
    const bool said = page.substr(at, end - at).find("Needs a restart.") != std::string::npos;
    EXPECT_EQ(said, setting.reload == settings::Reload::restart) << setting.key;
  }
}

void expect_options(const std::string& text, const CLI::App& app, const std::string& whose) {
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_positional()) {
      EXPECT_THAT(text, HasSubstr(".It Ar " + literal(option->get_name(true)))) << whose;
    }
    for (const std::string& name : option->get_lnames()) {
      if (name == "help") continue;
      EXPECT_THAT(text, HasSubstr(" Fl " + literal("-" + name))) << whose;
    }
  }
}

TEST(Manual, NamesEveryVerbWithItsOptionsAndExamples) {
  const std::string page = made("posternctl.1");
  ctl::Context context;
  CLI::App app{"", "posternctl"};
  ctl::declare_verbs(app, context);
  expect_options(page, app, "posternctl");
  for (const ctl::Verb& verb : ctl::verbs_of(app)) {
    const std::size_t at = page.find("\n.Ss " + verb.words + "\n");
    ASSERT_NE(at, std::string::npos) << verb.words;
    const std::string text = page.substr(at, page.find("\n.S", at + 1) - at);
    expect_options(text, *verb.app, verb.words);
    for (const std::string& example : ctl::footer_of(*verb.app).examples) {
      EXPECT_THAT(text, HasSubstr("\n" + literal(example) + "\n"));
    }
  }
}

TEST(Manual, NamesEveryOptionOfTheDaemon) {
  Options options;
  CLI::App app("", "posternd");
  declare_options(app, options);
  const std::string page = made("posternd.8");
  expect_options(page, app, "posternd");
  // The synopsis is written by hand.
  const std::string synopsis = page.substr(0, page.find(".Sh DESCRIPTION"));
  for (const CLI::Option* const option : app.get_options()) {
    const std::string name = option->get_lnames().front();
    if (name == "help") continue;
    EXPECT_THAT(synopsis, HasSubstr(".Op Fl -" + name)) << name;
  }
}

// Examples written by hand are command lines all the same.
TEST(Manual, ExamplesAreUnderstood) {
  std::istringstream lines(source_of("posternctl.1"));
  std::string command;
  int seen = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("posternctl ") && command.empty()) continue;
    const bool goes_on = line.ends_with("\\e");
    command += goes_on ? line.substr(0, line.size() - 2) : line;
    if (goes_on) continue;
    for (std::size_t at = 0; (at = command.find("\\-", at)) != std::string::npos;) {
      command.erase(at, 1);
    }
    ctl::Context context;
    CLI::App app{"", "posternctl"};
    ctl::declare_verbs(app, context);
    EXPECT_NO_THROW(app.parse(command, true)) << command;
    EXPECT_TRUE(context.chosen) << command;
    command.clear();
    ++seen;
  }
  EXPECT_GE(seen, 7);
}

TEST(Manual, EveryPartIsUsedSomewhere) {
  const std::string sources =
      source_of("posternctl.1") + source_of("posternd.8") + source_of("postern.yml.5");
  for (const std::string& name : names()) EXPECT_THAT(sources, HasSubstr(".\\\" @" + name + "@\n"));
}

TEST(Pages, WhatIsNotAskedForStays) {
  const auto page = page_of(".Sh NAME\n.\\\" a comment\nlast");
  ASSERT_TRUE(page);
  EXPECT_EQ(*page, ".Sh NAME\n.\\\" a comment\nlast\n");
}

TEST(Pages, SomethingUnknownIsNamedWithItsLine) {
  const auto page = page_of("a\n.\\\" @nonsense@\n");
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().what, "line 2: nothing is called nonsense");
}

}  // namespace
}  // namespace postern::manual
