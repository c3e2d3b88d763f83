// What a person is told whose command line is not understood.
#include "ctl/usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ctl/verbs.h"

namespace postern::ctl {
namespace {

std::string told(std::vector<std::string> words) {
  Context context;
  CLI::App app("", "posternctl");
  declare_verbs(app, context);
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 wants them
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, words, error);
  }
  ADD_FAILURE() << "understood";
  return "";
}

struct Case {
  std::vector<std::string> words;
  std::string says;
};

class Usage : public ::testing::TestWithParam<Case> {};

TEST_P(Usage, SaysWhatWasNotUnderstoodAndWhatMayHaveBeenMeant) {
  EXPECT_THAT(told(GetParam().words), ::testing::StartsWith(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Slips, Usage,
    ::testing::Values(
        Case{{"stats"},
             "no such verb: stats\n  Did you mean:  posternctl status\n  All of it:     posternctl "
             "--help"},
        Case{{"statsu"}, "no such verb: statsu\n  Did you mean:  posternctl status\n"},
        Case{{"policy", "chek", "x"},
             "policy: no such verb: chek\n  Did you mean:  posternctl policy check\n  All of it:   "
             "  posternctl policy --help"},
        Case{{"--config", "x", "vault", "lst"},
             "vault: no such verb: lst\n  Did you mean:  posternctl vault list\n"},
        Case{{"--config=x", "reply"}, "no such verb: reply\n  Did you mean:  posternctl replay\n"},
        Case{{"frobnicate"}, "no such verb: frobnicate\n  There are:     status, policy, "},
        Case{{"vault", "list", "--purpse", "x"},
             "vault list: no such option: --purpse\n  Did you mean:  --purpose\n  All of it:     "
             "posternctl vault list --help"},
        Case{{"status", "-json"}, "status: no such option: -json\n  Did you mean:  --json\n"},
        Case{{"--jsn", "status"}, "status: no such option: --jsn\n  Did you mean:  --json\n"},
        Case{{"status", "--frobnicate"},
             "status: no such option: --frobnicate\n  All of it:     posternctl status --help"},
        Case{{}, "a verb is missing\n  There are:     status, policy, "},
        Case{{"vault"}, "vault: a verb is missing\n  There are:     list, "},
        Case{{"explain", "--from", "a"},
             "explain: --rcpt is required\n  All of it:     posternctl explain --help"},
        Case{{"sync", "--jobs", "1000"}, "sync: --jobs: "},
        Case{{"status", "now"}, "status: The following argument was not expected: now\n"}));

TEST(Meant, IsOneSlipInAShortWordAndTwoInALongOne) {
  const std::vector<std::string> known = {"list", "show", "release"};
  EXPECT_EQ(meant("lsit", known), "list");
  EXPECT_EQ(meant("lst", known), "list");
  EXPECT_EQ(meant("shows", known), "show");
  EXPECT_EQ(meant("rellaese", known), "release");
  EXPECT_EQ(meant("lose", known), "");
  EXPECT_EQ(meant("", known), "");
  EXPECT_EQ(meant(std::string(100'000, 'x'), known), "");
}

}  // namespace
}  // namespace postern::ctl
