// Under which names and types a part is shown to the rules.
#include <gmock/gmock.h>

#include "looking.h"

namespace postern::content {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AttachmentNames, EverySpellingOfAName) {
  struct Case {
    std::string fields;
    std::vector<std::string> names;
  };
  const Case cases[] = {
      {"Content-Disposition: attachment; filename=run.exe\r\n", {"run.exe"}},
      {"Content-Disposition: inline; filename=\"run.exe\"\r\n", {"run.exe"}},
      {"Content-Type: application/x; name=\"run.exe\"\r\n", {"run.exe"}},
      {"Content-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment; "
       "filename=run.exe\r\n",
       {"a.txt", "run.exe"}},
      {"content-disposition : attachment; FILENAME=run.exe\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; filename*=utf-8''r%C3%BCn.exe\r\n", {"r\u00fcn.exe"}},
      {"Content-Disposition: attachment; filename*=iso-8859-1'de'r%FCn.exe\r\n", {"r\u00fcn.exe"}},
      {"Content-Disposition: attachment; filename*0=run; filename*1=.exe\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; filename*1=.exe; filename*0=run\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; filename*0*=utf-8''r%C3%BC;\r\n filename*1=\"n.exe\"\r\n",
       {"r\u00fcn.exe"}},
      {"Content-Disposition: attachment; filename=a.txt; filename*=utf-8''run.exe\r\n",
       {"a.txt", "run.exe"}},
      {"Content-Disposition: attachment; filename=a.txt; filename=run.exe\r\n",
       {"a.txt", "run.exe"}},
      {"Content-Disposition: attachment; filename=\"=?utf-8?B?cnVuLmV4ZQ==?=\"\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; filename=\"=?utf-8?Q?run?=\r\n =?utf-8?Q?.exe?=\"\r\n",
       {"run.exe"}},
      {"Content-Disposition: attachment; filename=my file.exe\r\n", {"my file.exe"}},
      {"Content-Disposition: attachment; filename=\"run.exe\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; foo; filename=run.exe\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; =x; filename=run.exe\r\n", {"run.exe"}},
      {"Content-Disposition: attachment filename=run.exe\r\n", {"run.exe"}},
      {"Content-Disposition: filename=run.exe\r\n", {"run.exe"}},
      {"Content-Type: application/x; name=\"a;b.exe\"\r\n", {"a;b.exe"}},
      {"Content-Disposition: attachment; filename=\"C:\\\\tmp\\\\run.exe\"\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; filename=\"../../run.exe\"\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; filename=\"run.exe. . \"\r\n", {"run.exe"}},
      {"Content-Disposition: attachment; x=" + std::string(20'000, 'x') + "; filename=run.exe\r\n",
       {"run.exe"}},
  };
  for (const auto& [fields, names] : cases) {
    EXPECT_EQ(names_of(attachments_of(with_part(fields, "x"))), names) << fields;
  }
}

TEST(AttachmentNames, NoneIsHiddenBehindManyOrLongFields) {
  const std::string evil = "Content-Disposition: attachment; filename=evil.exe\r\n";
  std::string names;
  for (int i = 0; i < 8; ++i) {
    names += "Content-Type: text/plain; name=n" + std::to_string(i) + ".txt\r\n";
  }
  std::string unknown;
  std::string known;
  for (int i = 0; i < 100; ++i) {
    unknown += "Content-X: y\r\n";
    known += "Content-Transfer-Encoding: 7bit\r\n";
  }
  const std::string filler = "; x=" + std::string(10'000, 'x');
  struct Case {
    std::string fields;
    bool seen;
    std::optional<std::string> bomb;
  };
  const Case cases[] = {
      {names + evil, false, "the message: a part with more than 8 names"},
      {names + names, false, std::nullopt},
      {unknown + evil, true, std::nullopt},
      {known + evil, false, "the message: a part with more than 100 Content fields"},
      {"Content-Disposition: attachment" + filler + "; filename=evil.exe" + filler + "\r\n", false,
       "the message: a part with a field of more than 16384 octets"},
      {"Content-Disposition: attachment; x=" + std::string(8'150, 'x') +
           "; filename=evil.exe; y=" + std::string(8'000, 'y') + "\r\n",
       true, std::nullopt},
  };
  for (const auto& [fields, seen, bomb] : cases) {
    const auto found = attachments_of(with_part(fields, "x"));
    EXPECT_EQ(testing::Value(names_of(found), testing::Contains("evil.exe")), seen) << fields;
    EXPECT_EQ(found.bomb, bomb) << fields;
  }
}

TEST(AttachmentNames, NoCharacterHidesTheEndingFromTheAsciiCopy) {
  const auto found = attachments_of(
      with_part("Content-Disposition: attachment; filename=\"run\u202exod.e\u200bxe\"\r\n", ""));
  ASSERT_EQ(found.objects.size(), 1U);
  EXPECT_EQ(found.objects[0].ascii_name, "runxod.exe");
}

TEST(AttachmentTypes, DeclaredInLowerCaseAndDetectedByContent) {
  const std::string png =
      "\x89PNG\r\n\x1a\n" + std::string("\0\0\0\rIHDR", 8) + std::string(40, '\0');
  const auto found = attachments_of(with_file("a.txt", png, "TEXT/Plain"));
  ASSERT_EQ(found.objects.size(), 1U);
  EXPECT_EQ(found.objects[0].declared_type, "text/plain");
  EXPECT_EQ(found.objects[0].detected_type, "image/png");
  EXPECT_FALSE(found.objects[0].in_archive);

  Limits none;
  none.detect_types = false;
  EXPECT_EQ(attachments_of(with_file("a.txt", png), none).objects[0].detected_type, "");
}

TEST(Attachments, ABodyIsNone) {
  EXPECT_THAT(attachments_of(kHead + "\r\nhello\r\n").objects, IsEmpty());
  EXPECT_THAT(attachments_of(with_part("Content-Type: text/html\r\n", "<p>")).objects, IsEmpty());
  EXPECT_THAT(attachments_of(with_part("Content-Type: text\r\n", "old")).objects, IsEmpty());
}

TEST(Attachments, WhatHasNoNameIsAnObjectUnlessItIsTheBody) {
  const char* const fields[] = {"Content-Type: image/png\r\n", "Content-Type: text/calendar\r\n",
                                "Content-Disposition: attachment\r\n"};
  for (const char* const field : fields) {
    const auto found = attachments_of(with_part(field, "x"));
    ASSERT_EQ(found.objects.size(), 1U) << field;
    EXPECT_EQ(found.objects[0].name, "");
    EXPECT_EQ(found.objects[0].path, "part 1");
  }
}

TEST(Attachments, EnclosedMessagesAreWalked) {
  const std::string inner = with_file("run.exe", "MZ");
  const auto plain = attachments_of(with_part("Content-Type: message/rfc822\r\n", inner, "outer"));
  EXPECT_THAT(names_of(plain), ElementsAre("", "run.exe"));
  EXPECT_EQ(plain.objects[0].declared_type, "message/rfc822");
  const auto encoded = attachments_of(
      with_part("Content-Type: message/rfc822; name=a.eml\r\nContent-Transfer-Encoding: base64\r\n",
                base64(inner)));
  EXPECT_THAT(names_of(encoded), ElementsAre("a.eml", "run.exe"));
}

TEST(Attachments, LookingForABoundaryAsksForTheTime) {
  std::string almost = kHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) almost += "--bb\r\n";
  Limits limits;
  int asked = 0;
  limits.out_of_time = [&asked] { return ++asked > 2; };
  EXPECT_EQ(attachments_of(almost, limits).bomb, "the message: reading the parts took too long");
  // A line of the boundary's own characters is one try, not one for each of them.
  const std::string dashes = kHead + "Content-Type: multipart/mixed; boundary=\"--\"\r\n\r\n" +
                             std::string(1 << 20, '-') + "x\r\n----\r\n" +
                             "Content-Disposition: attachment; filename=run.exe\r\n\r\nx\r\n";
  asked = 0;
  limits.out_of_time = [&asked] { return ++asked > 10; };
  EXPECT_THAT(names_of(attachments_of(dashes, limits)), ElementsAre("run.exe"));
}

TEST(Attachments, ABadFirstLineHidesNoHeader) {
  const std::string file =
      "Content-Type: application/x; name=run.exe\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\nTVo=\r\n";
  for (const char* const bad :
       {"no field\r\n", "   \r\n", " \t\r\nno field\r\n", "X-A: b\r\nno\r\n",
        "From jon Tue Mar 10 10:00:00 2026\r\n", ": x\r\n"}) {
    EXPECT_THAT(names_of(attachments_of(with_part(bad + file, ""))), ElementsAre("run.exe")) << bad;
    EXPECT_THAT(names_of(attachments_of(
                    with_part("Content-Type: message/rfc822\r\n", bad + file, "outer"))),
                ElementsAre("", "run.exe"))
        << bad;
  }
  // Prose stays prose.
  const auto prose = hosts_of(kHead +
                              "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
                              "see\r\nhttp://a.example\r\n\r\nmore\r\n--b--\r\n");
  EXPECT_THAT(prose, ElementsAre("a.example"));
}

TEST(Attachments, EncodedMessagesInEachOtherAreBounded) {
  const auto nested = [](int levels, std::size_t size) {
    std::string entity =
        "Content-Type: application/x; name=run.exe\r\n\r\n" + std::string(size, 'x');
    for (int i = 0; i < levels; ++i) {
      entity =
          "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
          entity;
    }
    return attachments_of(kHead + entity);
  };
  const auto small = nested(20, 1'000);
  EXPECT_EQ(names_of(small).back(), "run.exe");
  EXPECT_FALSE(small.bomb);
  const auto large = nested(20, 1 << 20);
  EXPECT_EQ(large.bomb, "the message: encoded messages in encoded messages of too many octets");
  EXPECT_EQ(large.objects.size(), 3U);
}

TEST(Attachments, PartsBehindTheLastBoundaryAreSeen) {
  EXPECT_THAT(
      names_of(attachments_of(with_part("", "x") +
                              "--b\r\nContent-Disposition: attachment; filename=run.exe\r\n\r\nx")),
      ElementsAre("run.exe"));
}

TEST(Attachments, UuencodedFilesInTheText) {
  const std::string file = "begin 644 C:\\run.exe\r\n#0V%T\r\n`\r\nend\r\n";
  EXPECT_THAT(names_of(attachments_of(kHead + "\r\nhello\r\n" + file + "more\r\n" + file)),
              ElementsAre("run.exe", "run.exe"));
  EXPECT_THAT(names_of(attachments_of(kHead + "\r\nbegin 644 words\r\nof prose, not of data\r\n")),
              IsEmpty());
  EXPECT_THAT(
      names_of(attachments_of(with_part(
          "Content-Type: image/gif; name=a.gif\r\nContent-Transfer-Encoding: x-uuencode\r\n",
          file))),
      ElementsAre("run.exe", "a.gif"));
}

TEST(Attachments, TooManyUuencodedFilesAreALimit) {
  std::string files;
  for (int i = 0; i < 1'000; ++i) files += "begin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n";
  EXPECT_FALSE(attachments_of(kHead + "\r\n" + files).bomb);
  EXPECT_EQ(
      attachments_of(kHead + "\r\n" + files + "begin 644 run.exe\r\n#0V%T\r\n`\r\nend\r\n").bomb,
      "part 1: more than 1000 uuencoded files");
}

TEST(Attachments, LimitsOfTheMessage) {
  Limits limits;
  limits.parts = 3;
  std::string many = kHead + "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  for (int i = 0; i < 10; ++i) many += "--b\r\nContent-Type: image/png\r\n\r\nx\r\n";
  EXPECT_EQ(attachments_of(many, limits).bomb, "the message: more than 3 parts");
  limits.out_of_time = [] { return true; };
  EXPECT_EQ(attachments_of(many, limits).bomb, "the message: reading the parts took too long");
}

}  // namespace
}  // namespace postern::content
