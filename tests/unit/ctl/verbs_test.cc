// Every verb explains itself: help, completion and the manual are made of what is looked at here.
#include "ctl/verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace postern::ctl {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

struct CommandLine {
  Context context;
  CLI::App app{"posternctl, the operator's command for Postern", "posternctl"};
  CommandLine() { declare_verbs(app, context); }
};

// What the shell takes for itself is no argument: `> message.eml`, `| less`, `< file`.
std::string without_shell(const std::string& example) {
  return example.substr(0, example.find_first_of(">|<&;"));
}

TEST(Verbs, EachSaysWhatItDoesAndShowsAnExample) {
  const CommandLine line;
  const auto verbs = verbs_of(line.app);
  ASSERT_GE(verbs.size(), 10U);
  for (const Verb& verb : verbs) {
    EXPECT_THAT(verb.app->get_description(), Not(IsEmpty())) << verb.words;
    EXPECT_THAT(footer_of(*verb.app).examples, Not(IsEmpty()))
        << verb.words << ": say verb->footer(\"Example: posternctl " << verb.words << " ...\")";
    for (const std::string& example : footer_of(*verb.app).examples) {
      EXPECT_TRUE(example.starts_with("posternctl " + verb.words)) << example;
    }
  }
}

TEST(Verbs, EachOptionIsDescribed) {
  const CommandLine line;
  for (const Verb& verb : verbs_of(line.app)) {
    for (const CLI::Option* const option : verb.app->get_options()) {
      EXPECT_THAT(option->get_description(), Not(IsEmpty()))
          << verb.words << " " << option->get_name(true);
    }
  }
}

TEST(Verbs, GroupsAreDescribed) {
  const CommandLine line;
  for (const CLI::App* const group :
       line.app.get_subcommands([](const CLI::App*) { return true; })) {
    EXPECT_THAT(group->get_description(), Not(IsEmpty())) << group->get_name();
  }
}

TEST(Verbs, EachExampleIsACommandLineThatIsUnderstood) {
  const CommandLine all;
  for (const Verb& verb : verbs_of(all.app)) {
    for (const std::string& example : footer_of(*verb.app).examples) {
      CommandLine line;
      try {
        line.app.parse(without_shell(example), true);
      } catch (const CLI::ParseError& error) {
        ADD_FAILURE() << example << ": " << error.what();
      }
      EXPECT_TRUE(line.context.chosen) << example << ": chooses no verb";
    }
  }
}

TEST(Verbs, NoneIsThereTwice) {
  const CommandLine line;
  std::set<std::string> seen;
  for (const Verb& verb : verbs_of(line.app)) EXPECT_TRUE(seen.insert(verb.words).second);
}

TEST(Footer, IsTakenApart) {
  CLI::App verb("", "x");
  verb.footer("Exit: 0 none, 1 some.\nExamples: posternctl x a\n          posternctl x b > c\n");
  const Footer footer = footer_of(verb);
  EXPECT_THAT(footer.examples, ElementsAre("posternctl x a", "posternctl x b > c"));
  EXPECT_EQ(footer.prose, "Exit: 0 none, 1 some.");
}

TEST(Footer, ProseAloneIsNoExample) {
  CLI::App verb("", "x");
  verb.footer("See posternctl vault list.");
  EXPECT_THAT(footer_of(verb).examples, IsEmpty());
}

}  // namespace
}  // namespace postern::ctl
