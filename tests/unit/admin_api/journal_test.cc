// What a pull remembers from one run to the next.
#include "adapters/admin_api/journal.h"

#include <gmock/gmock.h>

#include "support/temp_dir.h"

namespace postern::admin_api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class JournalTest : public testing::Test {
 protected:
  std::unique_ptr<Journal> open(const std::string& url = "https://a.example") {
    auto opened = Journal::open(directory_ / "state", url, clock_);
    EXPECT_TRUE(opened.ok()) << opened.error().what;
    return std::move(*opened);
  }
  const test::TempDir directory_;
  SystemClock clock_;
};

TEST_F(JournalTest, ARoundThatWasNotFinishedGoesOn) {
  {
    const auto journal = open();
    EXPECT_FALSE(journal->begin_round());
    journal->seen("domain:a.example");
    journal->done("domain:a.example");
  }
  const auto journal = open();
  EXPECT_TRUE(journal->begin_round());
  EXPECT_TRUE(journal->is_done("domain:a.example"));
  EXPECT_TRUE(journal->is_seen("domain:a.example"));
  EXPECT_FALSE(journal->is_done("domain:b.example"));
}

TEST_F(JournalTest, WhatAFinishedRoundSawAndTheNextDoesNotIsMissing) {
  {
    const auto journal = open();
    journal->begin_round();
    journal->seen("domain:a.example");
    journal->seen("user:b@a.example");
    ASSERT_TRUE(journal->end_round().ok());
  }
  const auto journal = open();
  EXPECT_FALSE(journal->begin_round());
  EXPECT_FALSE(journal->is_done("domain:a.example"));
  journal->seen("domain:a.example");
  EXPECT_THAT(journal->missing(), ElementsAre("user:b@a.example"));
  journal->gone("user:b@a.example");
  EXPECT_THAT(journal->missing(), IsEmpty());
  EXPECT_FALSE(journal->is_known("user:b@a.example"));
}

TEST_F(JournalTest, AnotherApisJournalIsNobodys) {
  {
    const auto journal = open();
    journal->begin_round();
    journal->seen("domain:a.example");
    ASSERT_TRUE(journal->end_round().ok());
  }
  const auto journal = open("https://b.example");
  journal->begin_round();
  EXPECT_FALSE(journal->is_known("domain:a.example"));
  EXPECT_THAT(journal->missing(), IsEmpty());
}

TEST_F(JournalTest, ADamagedFileCountsAsEmpty) {
  for (const std::string text : {"", "\n", "nonsense\nknown domain:a.example\n",
                                 "postern-sync 2 https://a.example\nknown domain:a.example\n"}) {
    test::write_file(directory_ / "state", text);
    const auto journal = open();
    EXPECT_FALSE(journal->begin_round());
    EXPECT_FALSE(journal->is_known("domain:a.example")) << text;
  }
  // A line that was cut off takes nothing else with it.
  test::write_file(directory_ / "state",
                   "postern-sync 1 https://a.example\nknown domain:a.example\nkno");
  EXPECT_TRUE(open()->is_known("domain:a.example"));
}

TEST_F(JournalTest, OneAtATimeUsesIt) {
  const auto journal = open();
  const auto second = Journal::open(directory_ / "state", "https://a.example", clock_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().what, HasSubstr("another sync"));
  EXPECT_FALSE(Journal::open(directory_ / "none/state", "https://a.example", clock_).ok());
}

TEST_F(JournalTest, WithoutAFileNothingIsKept) {
  const auto journal = Journal::open("", "https://a.example", clock_);
  ASSERT_TRUE(journal.ok());
  EXPECT_FALSE((*journal)->begin_round());
  (*journal)->seen("domain:a.example");
  EXPECT_TRUE((*journal)->end_round().ok());
  EXPECT_TRUE((*journal)->is_known("domain:a.example"));
}

}  // namespace
}  // namespace postern::admin_api
