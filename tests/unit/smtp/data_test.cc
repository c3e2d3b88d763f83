// What is sent after DATA is the message, with CRLF line ends, and cannot end before its end.
#include "adapters/smtp/data.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace postern::smtp {
namespace {

std::string sent(std::string_view bytes) {
  std::string all;
  const Status status = write_dot_stuffed(bytes, [&](std::string_view piece) {
    EXPECT_LT(piece.size(), 70'000U);
    all += piece;
    return success();
  });
  EXPECT_TRUE(status);
  return all;
}

struct DataCase {
  std::string_view bytes;
  std::string_view sent;
  std::uint64_t size;
};

TEST(Data, Table) {
  const DataCase cases[] = {
      {"", "", 0},
      {"a\r\n", "a\r\n", 3},
      {"a\nb\n", "a\r\nb\r\n", 6},
      {"a", "a\r\n", 3},
      {"a\r", "a\r\n", 3},
      {"a\r\r\n", "a\r\r\n", 4},
      {"a\rb\r\n", "a\rb\r\n", 5},
      {"\n\n", "\r\n\r\n", 4},
      {".", "..\r\n", 3},
      {".\r\n", "..\r\n", 3},
      {"..\r\n", "...\r\n", 4},
      {"a\r\n.\r\nb\r\n", "a\r\n..\r\nb\r\n", 9},
      {"a\n.\nb\n", "a\r\n..\r\nb\r\n", 9},
      {"a\n.\r\nb\n", "a\r\n..\r\nb\r\n", 9},
      {"a\r\n.\nb", "a\r\n..\r\nb\r\n", 9},
      {"a.\r\n.b\r\n", "a.\r\n..b\r\n", 8},
      {"\xff\r\n", "\xff\r\n", 3},
  };
  for (const DataCase& test : cases) {
    EXPECT_EQ(sent(test.bytes), test.sent) << testing::PrintToString(test.bytes);
    EXPECT_EQ(wire_size(test.bytes), test.size) << testing::PrintToString(test.bytes);
  }
}

// As a receiver does it (RFC 5321 4.5.2).
std::string received(std::string_view wire) {
  std::string bytes;
  bool line_start = true;
  for (std::size_t i = 0; i < wire.size(); ++i) {
    if (line_start && wire[i] == '.') {
      // A dot alone would have been the end.
      EXPECT_NE(wire.substr(i, 3), ".\r\n");
      line_start = false;
      continue;
    }
    bytes += wire[i];
    line_start = wire[i] == '\n';
  }
  return bytes;
}

TEST(Data, AnyMessageOfWholeLinesArrivesAsItWas) {
  std::mt19937 random(4711);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (std::size_t parts = random() % 12; parts > 0; --parts) {
      constexpr std::string_view kParts[] = {".", "\r\n", "a", "..", "\r\n.", " "};
      bytes += kParts[random() % std::size(kParts)];
    }
    bytes += "\r\n";
    EXPECT_EQ(received(sent(bytes)), bytes);
    EXPECT_EQ(wire_size(bytes), bytes.size());
  }
}

TEST(Data, LargeMessagesComeInPieces) {
  const std::string one_line(1'000'000, '.');
  EXPECT_EQ(sent(one_line), "." + one_line + "\r\n");
  std::string lines;
  std::string expected;
  for (int i = 0; i < 50'000; ++i) {
    lines += ".line\n";
    expected += "..line\r\n";
  }
  EXPECT_EQ(sent(lines), expected);
}

TEST(Data, StopsWhereTheSinkDoes) {
  int pieces = 0;
  const Status status =
      write_dot_stuffed(std::string(500'000, 'a'), [&](std::string_view) -> Status {
        ++pieces;
        return temporary_error("gone");
      });
  EXPECT_FALSE(status);
  EXPECT_EQ(pieces, 1);
}

}  // namespace
}  // namespace postern::smtp
