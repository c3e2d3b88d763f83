// What makes a header bad, and how it is called.
#include <gmock/gmock.h>

#include "content/inspect.h"

namespace postern::content {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

mail::Message good() {
  mail::Message message;
  message.add_header("From", " jon@got.com");
  message.add_header("Date", " Tue, 10 Mar 2026 10:00:00 +0000");
  message.add_header("Subject", " winter\n\tis coming");
  return message;
}

TEST(HeaderDefects, GoodOnesHaveNone) {
  auto message = good();
  message.add_header("X-Old ", " a blank before the colon");
  message.add_header("X-Long", " " + std::string(990, 'x') + "\n " + std::string(997, 'x'));
  message.add_header("X-Empty", "");
  message.add_header("X-Cr-Lf", " a\r\n b");
  EXPECT_THAT(find_header_defects(message), IsEmpty());
}

TEST(HeaderDefects, EachIsNamedOnce) {
  struct Case {
    std::string name, value, defect;
  };
  const Case cases[] = {
      {"X", " J\xf3n", "X: unencoded 8-bit characters"},
      {"X", " J\xc3\xb3n", "X: unencoded 8-bit characters"},
      {"X", std::string(" a\0b", 4), "X: a NUL character"},
      {"X", " a\rb", "X: a bare carriage return"},
      {"X", " a\r", "X: a bare carriage return"},
      {"X", " a\x07\x07", "X: control characters"},
      {"X", " a\x7f", "X: control characters"},
      {"X", " a\n \t\n b", "X: a folded line of white space only"},
      {"X", " a\n ", "X: a folded line of white space only"},
      {"X", "\nb", "X: syntax error: a line that belongs to no field"},
      {"X", std::string(997, 'x'), "X: a line longer than 998 characters"},
      {"X", " a\n " + std::string(998, 'x'), "X: a line longer than 998 characters"},
      {"Bad Name", " x", "syntax error: \"Bad Name\" is not a field name"},
      {"", " x", "syntax error: \"\" is not a field name"},
      {"N\xe4me", " x", "syntax error: \"N?me\" is not a field name"},
      {"from", " a@got.com", "two From fields"},
      {"Date", " x", "two Date fields"},
      {"subject", " x", "two Subject fields"},
  };
  for (const auto& [name, value, defect] : cases) {
    auto message = good();
    message.add_header(name, value);
    EXPECT_THAT(find_header_defects(message), ElementsAre(defect));
  }
}

TEST(HeaderDefects, MissingAndSeveral) {
  EXPECT_THAT(find_header_defects(mail::Message{}), ElementsAre("no From", "no Date"));
  auto message = good();
  for (int i = 0; i < 3; ++i) message.add_header("To", " a@got.com");
  for (int i = 0; i < 2; ++i) message.add_header("Message-Id", " <1@got.com>");
  EXPECT_THAT(find_header_defects(message), ElementsAre("3 To fields", "two Message-ID fields"));
}

TEST(HeaderDefects, SmtpUtf8AllowsUtf8AndNothingElse) {
  auto message = good();
  message.add_header("X", " J\u00f3n");
  EXPECT_THAT(find_header_defects(message, true), IsEmpty());
  message.add_header("Y", " J\xf3n");
  EXPECT_THAT(find_header_defects(message, true), ElementsAre("Y: characters that are not UTF-8"));
}

TEST(HeaderDefects, AreBounded) {
  auto message = good();
  for (int i = 0; i < 1'000; ++i) message.add_header("X-" + std::to_string(i), " \x07");
  EXPECT_EQ(find_header_defects(message).size(), 20U);
}

}  // namespace
}  // namespace postern::content
