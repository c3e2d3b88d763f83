// What cannot be decoded as it claims to be, and what may be sloppy without being bad.
#include <gmock/gmock.h>

#include "content/transfer_encoding.h"
#include "looking.h"

namespace postern::content {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Decoding, Base64) {
  struct Case {
    std::string text, bytes;
    bool valid;
  };
  const Case cases[] = {
      {"", "", true},          {"Q2F0", "Cat", true},      {"Q2\r\nF0\r\n", "Cat", true},
      {"Q2E=", "Ca", true},    {"Qw==", "C", true},        {"Qw=\r\n=", "C", true},
      {"Q2E", "Ca", true},     {"Qw", "C", true},          {"Q", "", false},
      {"Q2F0Q", "Cat", false}, {"Q2!F0", "Cat", false},    {"Qw==Q2F0", "CCat", false},
      {"====", "", false},     {"Q2F0====", "Cat", false}, {"Q2F0\xff", "Cat", false},
  };
  for (const auto& [text, bytes, valid] : cases) {
    const Decoded decoded = decode_base64(text);
    EXPECT_EQ(decoded.bytes, bytes) << text;
    EXPECT_EQ(decoded.valid, valid) << text;
  }
}

TEST(Decoding, QuotedPrintable) {
  struct Case {
    std::string text, bytes;
    bool valid;
  };
  const Case cases[] = {
      {"a=3Db=c3=B3", "a=b\xc3\xb3", true},
      {"a=\r\nb=\nc= \t\r\nd", "abcd", true},
      {"a=", "a", true},
      {"a= ", "a", true},
      {"a=ZZ", "a=ZZ", false},
      {"a=4", "a=4", false},
      {"a==3D", "a==", false},
      {"a=\rb", "a=\rb", false},
  };
  for (const auto& [text, bytes, valid] : cases) {
    const Decoded decoded = decode_quoted_printable(text);
    EXPECT_EQ(decoded.bytes, bytes) << text;
    EXPECT_EQ(decoded.valid, valid) << text;
  }
}

TEST(EncodingDefects, EachNamesThePart) {
  const auto single = [](const std::string& fields, const std::string& body) {
    return kHead + fields + "\r\n" + body;
  };
  const std::string plain = "Content-Type: text/plain; charset=";
  const std::string inner =
      "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n!\r\n--c--\r\n";
  const std::pair<std::string, std::string> cases[] = {
      {single("Content-Transfer-Encoding: base64\r\n", "!!"), "invalid base64 in part 1"},
      {with_part("Content-Transfer-Encoding: quoted-printable\r\n", "=x"),
       "invalid quoted-printable in part 1"},
      {with_part("", "x\r\n--b\r\n" + inner), "invalid base64 in part 2.1"},
      {with_part("Content-Type: message/rfc822\r\n",
                 kHead + "Content-Transfer-Encoding: base64\r\n\r\n!"),
       "invalid base64 in part 1.1"},
      {single("Content-Transfer-Encoding: 8 bits\r\n", "x"),
       "unknown transfer encoding \"8 bits\" in part 1"},
      {single("Content-Type: multipart/mixed\r\n", "x"), "multipart without a boundary"},
      {single("Content-Type: multipart/mixed; boundary=zz\r\n", "x"), "boundary never appears"},
      {single("Content-Type: multipart/mixed; boundary=b\r\n", "--b\r\n\r\nx"),
       "boundary is never closed"},
      {with_part("Content-Type: multipart/mixed; boundary=c\r\n", "--c\r\n\r\nx"),
       "boundary is never closed in part 1"},
      {single(plain + "utf-8\r\n", "J\xf3n"), "text in part 1 is not utf-8"},
      {single(plain + "utf-8\r\nContent-Transfer-Encoding: base64\r\n", "/w=="),
       "text in part 1 is not utf-8"},
      {single(plain + "us-ascii\r\n", "J\xf3n"), "text in part 1 is not us-ascii"},
      {single(plain + "iso-2022-jp\r\n", "J\xf3n"), "text in part 1 is not iso-2022-jp"},
  };
  for (const auto& [eml, defect] : cases) EXPECT_THAT(encoding_of(eml), ElementsAre(defect)) << eml;
}

TEST(EncodingDefects, SloppyIsNotBad) {
  const std::string cases[] = {
      kHead + "\r\nJ\xf3n without a charset",
      kHead + "Content-Type: text/plain; charset=iso-8859-1\r\n\r\nJ\xf3n",
      kHead + "Content-Type: text/plain; charset=unknown-8bit\r\n\r\nJ\xf3n",
      kHead + "Content-Type: text/plain; charset=utf-8\r\n\r\nJ\xc3\xb3n" + std::string("\0 x", 3),
      kHead + "Content-Transfer-Encoding: 7bit\r\n\r\nJ\xf3n",
      kHead + "Content-Transfer-Encoding: 7BIT;\r\n\r\nx",
      kHead + "Content-Transfer-Encoding:\r\n\r\nx",
      kHead + "Content-Transfer-Encoding: base64\r\n\r\nQ2E",
      kHead +
          "Content-Type: multipart/mixed; boundary=\"a b\"\r\n\r\n--a b  \r\n\r\nx\r\n--a b--  ",
      kHead + "Content-Type: image/png; charset=utf-8\r\n\r\n\xff",
  };
  for (const std::string& eml : cases) EXPECT_THAT(encoding_of(eml), IsEmpty()) << eml;
}

TEST(EncodingDefects, NestingAndPartsHaveLimits) {
  Limits limits;
  limits.mime_depth = 1;
  EXPECT_THAT(encoding_of(with_part("Content-Type: message/rfc822\r\n", kHead + "\r\nx"), limits),
              ElementsAre("parts nested deeper than 1"));
}

}  // namespace
}  // namespace postern::content
