// Awkward mail, made and collected (tests/corpus): whatever a message is, every look at it ends in an
// answer of bounded size. What the made ones are about is found in them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "content/inspect.h"
#include "mail/bulk.h"
#include "mail/header_from.h"
#include "mail/line_length.h"
#include "mail/subject.h"
#include "support/eml.h"
#include "support/temp_dir.h"

namespace postern::content {
namespace {

struct Findings {
  Attachments attachments;
  std::vector<std::string> hosts;
  std::vector<std::string> encoding;
  std::vector<std::string> headers;
};

Findings look_at(const mail::Message& message, const Limits& limits) {
  const ParsedMessage parsed(message, limits);
  return {find_attachments(parsed, limits), find_uri_hosts(parsed, limits),
          find_encoding_defects(parsed), find_header_defects(message)};
}

void look_at_header(const mail::Message& message) {
  mail::header_from(message);
  mail::bulk_marks(message);
  const mail::HeaderField* const subject = message.find("Subject");
  const std::string raw = subject == nullptr ? "" : subject->value;
  mail::decode_header_text(raw);
  mail::prefixed_subject(raw, "[SPAM]");
  for (const auto& field : message.headers())
    mail::break_long_header_lines(field.name, field.value);
  mail::break_long_body_lines(message.body());
}

class Corpus : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new test::TempDir;
    const std::string command = "/usr/bin/python3 " POSTERN_SOURCE_DIR "/tests/corpus/collect.py " +
                                directory_->path().string();
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  static void TearDownTestSuite() {
    delete directory_;
    directory_ = nullptr;
  }
  static mail::Message made(const std::string& name) {
    return test::message_from(test::read_file(*directory_ / ("made/" + name + ".eml")));
  }
  static test::TempDir* directory_;
};
test::TempDir* Corpus::directory_ = nullptr;

TEST_F(Corpus, EveryMessageEndsInAnAnswerOfBoundedSize) {
  Limits limits;
  limits.detections = 20;
  std::size_t count = 0;
  std::size_t collected = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_->path())) {
    if (entry.path().extension() != ".eml") continue;
    SCOPED_TRACE(entry.path().filename().string());
    const auto message = test::message_from(test::read_file(entry.path().string()));
    const Findings found = look_at(message, limits);
    EXPECT_LE(found.hosts.size(), limits.uri_hosts);
    EXPECT_LE(found.headers.size(), 20U);
    EXPECT_LE(found.encoding.size(), 20U + 1);
    EXPECT_LE(found.attachments.objects.size(), 8 * limits.parts + 2 * limits.archive_members);
    for (const Object& object : found.attachments.objects) EXPECT_LE(object.path.size(), 1100U);
    look_at_header(message);
    ++count;
    collected += entry.path().parent_path().filename() == "made" ? 0U : 1U;
  }
  std::printf("%zu messages, %zu of them collected from packages\n", count, collected);
  EXPECT_GE(count, 400U);
}

TEST_F(Corpus, WhatUnpacksToTooMuchIsABomb) {
  const std::map<std::string, std::string> bombs = {
      {"bomb-flat", "flat.zip: unpacks to more than 1000 times its size"},
      {"bomb-nested", "42.zip"},
      {"bomb-deep", "archives nested deeper than 5"},
      {"bomb-overlapping", "overlap.zip"},
      {"bomb-gzip", "zeros.gz: unpacks to more than 1000 times its size"},
      {"bomb-gzip-in-gzip", "z.gz"},
      {"bomb-tar-gz", "zeros.tar.gz: unpacks to more than 1000 times its size"},
      {"archive-10000-members", "many.zip: more than 5000 members"},
      {"parts-100000-empty", "the message: more than 2000 parts"},
      {"nested-multiparts-500", "the message: parts nested deeper than 50"},
      {"nested-messages-500", "the message: parts nested deeper than 50"},
  };
  Limits limits;
  limits.detect_types = false;
  for (const auto& [name, what] : bombs) {
    const auto bomb = look_at(made(name), limits).attachments.bomb;
    ASSERT_TRUE(bomb) << name;
    EXPECT_NE(bomb->find(what), std::string::npos) << name << ": " << *bomb;
  }
}

TEST_F(Corpus, WhatIsManyButNotTooManyIsListed) {
  Limits limits;
  limits.detections = 20;
  const auto found = look_at(made("parts-1000"), limits).attachments;
  EXPECT_EQ(found.objects.size(), 1'000U);
  EXPECT_FALSE(found.bomb) << *found.bomb;
}

TEST_F(Corpus, DefectsAreNamed) {
  struct Case {
    std::string name, header, encoding;
  };
  const Case cases[] = {
      {"nul-in-header", "X-Nul: a NUL character", ""},
      {"bare-cr-in-header", "X-Cr: a bare carriage return", ""},
      {"8-bit-header", "X-Name: unencoded 8-bit characters", ""},
      {"white-space-fold", "X-Fold: a folded line of white space only", ""},
      {"2-mb-header-one-line", "X-Long: a line longer than 998 characters", ""},
      {"no-header", "no From", ""},
      {"two-of-each", "two From fields", ""},
      {"100-from", "101 From fields", ""},
      {"base64-characters", "", "invalid base64 in part 1"},
      {"base64-footer", "", "invalid base64 in part 1"},
      {"qp-digits", "", "invalid quoted-printable in part 1"},
      {"never-closed", "", "boundary is never closed"},
      {"boundary-absent", "", "multipart without a boundary"},
      {"boundary-never-appears", "", "boundary never appears"},
      {"nested-messages-500", "", "parts nested deeper than 50"},
      {"utf8-that-is-latin1", "", "text in part 1 is not utf-8"},
  };
  Limits limits;
  limits.detect_types = false;
  for (const auto& [name, header, encoding] : cases) {
    const Findings found = look_at(made(name), limits);
    const auto has = [](const auto& list, const std::string& what) {
      return what.empty() ? list.empty() : std::find(list.begin(), list.end(), what) != list.end();
    };
    EXPECT_TRUE(has(found.headers, header))
        << name << ": " << testing::PrintToString(found.headers);
    EXPECT_TRUE(has(found.encoding, encoding))
        << name << ": " << testing::PrintToString(found.encoding);
  }
}

}  // namespace
}  // namespace postern::content
