// Plain words as mdoc: whatever they hold, a reader sees them and troff obeys none of them.
#include "manual/mdoc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::manual {
namespace {

TEST(Prose, ASentenceBeginsALine) {
  EXPECT_EQ(prose("One thing. Another; and more! Why? So."),
            "One thing.\nAnother; and more!\nWhy?\nSo.\n");
}

TEST(Prose, NoLineIsOverLong) {
  const std::string text = prose(std::string(50, 'a') + " " + std::string(50, 'b') + " c");
  EXPECT_EQ(text, std::string(50, 'a') + "\n" + std::string(50, 'b') + " c\n");
}

TEST(Prose, NothingIsARequest) {
  EXPECT_EQ(prose(".so /etc/passwd"), "\\&.so /etc/passwd\n");
  EXPECT_EQ(prose("'hello"), "\\&'hello\n");
  EXPECT_EQ(prose("a\\fB"), "a\\efB\n");
  EXPECT_EQ(prose("a\tb"), "a b\n");
}

TEST(Prose, LinesStayLines) { EXPECT_EQ(prose("one\ntwo\n"), "one\ntwo\n"); }
TEST(Prose, OfNothingIsNothing) { EXPECT_EQ(prose(""), ""); }

TEST(Prose, BeyondAscii) {
  EXPECT_EQ(prose("wait…"), "wait...\n");
  EXPECT_EQ(prose("Käse 🙂"), "K\\[u00E4]se \\[u1F642]\n");
  EXPECT_EQ(prose("cut \xE2\x80"), "cut ??\n");
  EXPECT_EQ(prose("\xFF"), "?\n");
}

TEST(Literal, IsCopiedAsItStands) {
  EXPECT_EQ(literal("posternctl --json"), "posternctl \\-\\-json");
  EXPECT_EQ(literal("'a' \"b\""), "\\&\\(aqa\\(aq \\(dqb\\(dq");
}

TEST(Literal, IsNoMacroAndNoMark) {
  EXPECT_EQ(literal("Op"), "\\&Op");
  EXPECT_EQ(literal("."), "\\&.");
  EXPECT_EQ(literal(""), "\\&");
}

TEST(Sentence, HasACapitalAndAStop) {
  EXPECT_EQ(sentence("stored mail, newest first"), "Stored mail, newest first.");
  EXPECT_EQ(sentence("Done already."), "Done already.");
  EXPECT_EQ(sentence(""), "");
  EXPECT_EQ(stopped("redis://host or a directory"), "redis://host or a directory.");
  EXPECT_EQ(stopped(""), "");
}

}  // namespace
}  // namespace postern::manual
