// What the rules see of archives: every member's name and type, and an end to every bomb.
#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>

#include <memory>

#include "looking.h"

namespace postern::content {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Members = std::vector<std::pair<std::string, std::string>>;

// `options` as archive_write_set_options(3) takes them; a passphrase is always set.
std::string packed(int (*format)(archive*), int (*filter)(archive*), const Members& members,
                   const char* options = nullptr) {
  const std::unique_ptr<archive, decltype(&::archive_write_free)> writer(::archive_write_new(),
                                                                         &::archive_write_free);
  format(writer.get());
  if (filter != nullptr) filter(writer.get());
  ::archive_write_set_bytes_in_last_block(writer.get(), 1);
  ::archive_write_set_passphrase(writer.get(), "secret");
  if (options != nullptr) {
    EXPECT_EQ(::archive_write_set_options(writer.get(), options), ARCHIVE_OK);
  }
  std::string out(4 << 20, '\0');
  std::size_t used = 0;
  ::archive_write_open_memory(writer.get(), out.data(), out.size(), &used);
  for (const auto& [name, bytes] : members) {
    const std::unique_ptr<archive_entry, decltype(&::archive_entry_free)> entry(
        ::archive_entry_new(), &::archive_entry_free);
    ::archive_entry_set_pathname(entry.get(), name.c_str());
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), 0644);
    ::archive_write_header(writer.get(), entry.get());
    ::archive_write_data(writer.get(), bytes.data(), bytes.size());
  }
  ::archive_write_close(writer.get());
  out.resize(used);
  return out;
}
std::string zip(const Members& members, const char* options = nullptr) {
  return packed(&::archive_write_set_format_zip, nullptr, members, options);
}

const Members kSmall = {{"readme.txt", "hello, this is a text\n"},
                        {"bin/run.exe", "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"}};

TEST(Archive, EveryKindListsItsMembers) {
  const auto pax = &::archive_write_set_format_pax_restricted;
  const std::pair<std::string, std::string> cases[] = {
      {"a.zip", zip(kSmall)},
      {"a.7z", packed(&::archive_write_set_format_7zip, nullptr, kSmall)},
      {"a.tar", packed(pax, nullptr, kSmall)},
      {"a.tar.gz", packed(pax, &::archive_write_add_filter_gzip, kSmall)},
      {"a.tar.bz2", packed(pax, &::archive_write_add_filter_bzip2, kSmall)},
      {"a.tar.xz", packed(pax, &::archive_write_add_filter_xz, kSmall)},
      {"a.tar.zst", packed(pax, &::archive_write_add_filter_zstd, kSmall)},
      {"no-ending", zip(kSmall)},
  };
  for (const auto& [name, bytes] : cases) {
    const auto found = attachments_of(with_file(name, bytes));
    ASSERT_THAT(names_of(found), ElementsAre(name, "readme.txt", "run.exe")) << name;
    const Object& member = found.objects[2];
    EXPECT_TRUE(member.in_archive);
    EXPECT_EQ(member.path, name + "/bin/run.exe");
    EXPECT_EQ(member.declared_type, "");
    EXPECT_EQ(member.detected_type, "application/pdf") << name;
    EXPECT_EQ(found.objects[1].detected_type, "text/plain");
    EXPECT_FALSE(found.bomb);
  }
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (; hex.size() >= 2; hex.remove_prefix(2)) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(0, 2)), nullptr, 16));
  }
  return bytes;
}

// One stored member, put together after the descriptions of the formats: nothing free writes RAR.
TEST(Archive, Rar) {
  const char* const versions[] = {
      "526172211a0700cf907300000d00000000000000d2e374008027001f0000001f00000002613827e000506a5c1430"
      "07002000000072756e2e65786568656c6c6f2c20746869732069732061207465787420696e2061207261720ac43d"
      "7b00400700",
      "526172211a070100c51a33320301000000e4e0251402021f041f20613827e000010772756e2e65786568656c6c6f"
      "2c20746869732069732061207465787420696e2061207261720a19b23a3503050000"};
  for (const char* const hex : versions) {
    const auto found = attachments_of(with_file("a.rar", from_hex(hex)));
    ASSERT_THAT(names_of(found), ElementsAre("a.rar", "run.exe")) << hex;
    EXPECT_EQ(found.objects[1].detected_type, "text/plain");
  }
}

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}
// A 7z whose list of members begins after the signature, as large as said.
std::string seven_zip(const std::string& list, std::uint64_t size) {
  return std::string("7z\xbc\xaf\x27\x1c\0\4\0\0\0\0", 12) + little_endian(0) +
         little_endian(size) + std::string(4, '\0') + list;
}

TEST(Archive, TheListOfA7zIsBounded) {
  const std::string streams("\x17\x06\0\1\x09\1\0\x07\x0b\1\0\1\x23\3\1\1\5\x5d\0\0\1\0\x0c", 23);
  const std::string bomb = "a.7z: its list of members unpacks to more than 8 MiB";
  struct Case {
    std::string bytes;
    std::optional<std::string> bomb;
  };
  const Case cases[] = {
      {seven_zip(streams + "\xff" + little_endian(1ULL << 32U) + std::string(2, '\0'), 34), bomb},
      {seven_zip(streams + std::string("\x80\x64\0\0", 4), 27), std::nullopt},
      {seven_zip("\1", 9 << 20), bomb},
      {seven_zip("\x17\x06", 2), bomb},
      {seven_zip("", 100), std::nullopt},
      {"MZ" + std::string(1'000, 'x') + seven_zip("\1", 9 << 20), bomb},
      {packed(&::archive_write_set_format_7zip, nullptr, Members(1'000, {"run.exe", "x"})),
       std::nullopt},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(attachments_of(with_file("a.7z", test.bytes)).bomb, test.bomb);
  }
}

TEST(Archive, ASingleCompressedFileIsAMemberWithoutTheEnding) {
  const std::string gz = packed(&::archive_write_set_format_raw, &::archive_write_add_filter_gzip,
                                {{"x", "hello, this is a text\n"}});
  const auto found = attachments_of(with_file("run.exe.gz", gz));
  EXPECT_THAT(names_of(found), ElementsAre("run.exe.gz", "run.exe"));
}

TEST(Archive, InArchives) {
  const auto found =
      attachments_of(with_file("a.zip", zip({{"b.zip", zip(kSmall)}, {"c.txt", "c"}})));
  EXPECT_THAT(names_of(found), ElementsAre("a.zip", "b.zip", "readme.txt", "run.exe", "c.txt"));
  EXPECT_EQ(found.objects[3].path, "a.zip/b.zip/bin/run.exe");
}

// Marks the names of a zip as UTF-8, which a writer in the C locale does not.
std::string marked_utf8(std::string bytes) {
  const std::pair<std::string, std::size_t> flags[] = {{"PK\3\4", 7}, {"PK\1\2", 9}};
  for (const auto& [signature, offset] : flags) {
    for (std::size_t at = bytes.find(signature); at != std::string::npos;
         at = bytes.find(signature, at + 1)) {
      bytes[at + offset] = static_cast<char>(bytes[at + offset] | 0x08);
    }
  }
  return bytes;
}

TEST(Archive, NamesInOtherThanAscii) {
  const std::string utf8 = zip({{"r\u00fcn.exe", "x"}});
  EXPECT_THAT(names_of(attachments_of(with_file("a.zip", utf8))),
              ElementsAre("a.zip", "r\u00fcn.exe"));
  EXPECT_THAT(names_of(attachments_of(with_file("a.zip", marked_utf8(utf8)))),
              ElementsAre("a.zip", "r\u00fcn.exe"));
  const auto old = attachments_of(with_file("a.zip", zip({{"r\x81n.exe", "x"}})));  // CP437
  EXPECT_EQ(old.objects.at(1).ascii_name, "rn.exe");
}

TEST(Archive, TheDirectoryMayNameWhatIsCalledOtherwiseInside) {
  std::string bytes = zip({{"readme.txt", "x"}});
  bytes.replace(bytes.rfind("readme.txt"), 10, "passwd.exe");
  EXPECT_THAT(names_of(attachments_of(with_file("a.zip", bytes))),
              ElementsAre("a.zip", "readme.txt", "passwd.exe"));
}

TEST(Archive, ZipsInARowAreAllRead) {
  const std::string first = zip({{"run.exe", "x"}, {"same.txt", "x"}});
  const std::string second = zip({{"readme.txt", "y"}, {"same.txt", "y"}});
  EXPECT_THAT(names_of(attachments_of(with_file("a.zip", first + second))),
              ElementsAre("a.zip", "readme.txt", "same.txt", "run.exe"));
  // One that is a member as it stands is looked into as a member, or not at all.
  const std::string document = zip({{"[Content_Types].xml", "<x/>"}, {"word/run.exe", "x"}});
  EXPECT_THAT(names_of(attachments_of(
                  with_file("a.zip", zip({{"a.docx", document}}, "zip:compression=store")))),
              ElementsAre("a.zip", "a.docx"));
  std::string row;
  for (int i = 0; i < 70; ++i) row += zip({{std::to_string(i), "x"}});
  EXPECT_EQ(attachments_of(with_file("a.zip", row)).bomb, "a.zip: too many zip files in a row");
}

TEST(Archive, EncryptedMembersHaveANameAndNoType) {
  for (const char* const how : {"zip:encryption=zipcrypt", "zip:encryption=aes256"}) {
    const auto found = attachments_of(with_file("a.zip", zip(kSmall, how)));
    ASSERT_THAT(names_of(found), ElementsAre("a.zip", "readme.txt", "run.exe")) << how;
    EXPECT_TRUE(found.objects[2].encrypted);
    EXPECT_EQ(found.objects[2].detected_type, "");
    EXPECT_FALSE(found.objects[0].encrypted);
  }
}

TEST(Archive, DocumentsThatAreZipFilesAreNotLookedInto) {
  const std::string document = zip({{"[Content_Types].xml", "<x/>"}, {"word/run.exe", "x"}});
  EXPECT_THAT(names_of(attachments_of(with_file("a.docx", document))), ElementsAre("a.docx"));
  // A name or a type that says it is an archive is believed.
  EXPECT_THAT(names_of(attachments_of(with_file("a.zip", document))),
              ElementsAre("a.zip", "[Content_Types].xml", "run.exe"));
  EXPECT_EQ(names_of(attachments_of(with_file("a.bin", document, "application/zip"))).size(), 3U);
}

TEST(Archive, ADamagedOneIsListedAsFarAsItGoes) {
  const std::string tar = packed(&::archive_write_set_format_ustar, nullptr, kSmall);
  const auto found = attachments_of(with_file("a.tar", tar.substr(0, 1540)));
  EXPECT_THAT(names_of(found), ElementsAre("a.tar", "readme.txt", "run.exe"));
  const std::string whole = zip(kSmall);  // without its directory
  EXPECT_THAT(names_of(attachments_of(with_file("a.zip", whole.substr(0, whole.find("PK\1\2"))))),
              ElementsAre("a.zip", "readme.txt", "run.exe"));
}

TEST(Archive, WhatCannotBeReadHidesNoNameBehindIt) {
  const Members members = {{"a.txt", "one"}, {"run.exe", "two"}, {"b.txt", "three"}};
  std::string seven = packed(&::archive_write_set_format_7zip, nullptr, members);
  seven[32] = '\xff';  // LZMA begins with a zero
  const auto found = attachments_of(with_file("a.7z", seven));
  EXPECT_THAT(names_of(found), ElementsAre("a.7z", "a.txt", "run.exe", "b.txt"));
  EXPECT_FALSE(found.bomb);

  const std::string tar = packed(&::archive_write_set_format_ustar, nullptr, members);
  const auto stopped = attachments_of(with_file("a.tar", tar.substr(0, 1'537)));
  EXPECT_EQ(names_of(stopped).at(2), "run.exe");
  EXPECT_EQ(stopped.bomb, "a.tar: could not be read to its end");
  EXPECT_FALSE(attachments_of(with_file("a.tar", tar)).bomb);
  EXPECT_FALSE(attachments_of(with_file("a.tar", tar.substr(0, 3'072))).bomb);  // no end mark
}

TEST(Archive, EveryLimitStopsAndSaysWhich) {
  const std::string zeros(3 << 20, '\0');
  const auto gzip = &::archive_write_add_filter_gzip;
  const std::string deep = zip({{"b.zip", zip({{"c.zip", zip({{"d", "x"}})}})}});
  struct Case {
    std::string name, bytes, bomb;
    Limits limits;
  };
  Case cases[] = {
      {"a.zip", zip({{"1", ""}, {"2", ""}, {"3", ""}}), "a.zip: more than 2 members", {}},
      {"a.zip", deep, "a.zip/b.zip/c.zip: archives nested deeper than 2", {}},
      {"a.zip", zip({{"zeros", zeros}}), "a.zip: unpacks to more than 2 MiB", {}},
      {"a.zip",
       zip({{"b.zip", zip({{"zeros", zeros}})}}),
       "a.zip: unpacks to more than 100 times its size",
       {}},
      {"a.tar.gz",
       packed(&::archive_write_set_format_ustar, gzip, {{"zeros", zeros}}),
       "a.tar.gz: unpacks to more than 100 times its size",
       {}},
      {"a.gz",
       packed(&::archive_write_set_format_raw, gzip, {{"x", zeros}}),
       "a.gz: unpacks to more than 100 times its size",
       {}},
      {"a.zip", zip(kSmall), "a.zip: looking inside took too long", {}},
  };
  cases[0].limits.archive_members = 2;
  cases[1].limits.archive_depth = 2;
  cases[2].limits.archive_bytes = 2 << 20;
  for (std::size_t i : {3U, 4U, 5U}) cases[i].limits.archive_ratio = 100;
  int asked = 0;
  cases[6].limits.out_of_time = [&asked] { return ++asked > 5; };
  for (const Case& test : cases) {
    const auto found = attachments_of(with_file(test.name, test.bytes), test.limits);
    ASSERT_TRUE(found.bomb) << test.bomb;
    EXPECT_EQ(*found.bomb, test.bomb);
    EXPECT_EQ(found.objects.at(0).name, test.name);
  }
}

TEST(Archive, OnlySoManyTypesAreDetected) {
  Limits limits;
  limits.detections = 2;  // the archive and its first member
  const auto found = attachments_of(with_file("a.zip", zip(kSmall)), limits);
  EXPECT_EQ(found.objects.at(0).detected_type, "application/zip");
  EXPECT_EQ(found.objects.at(1).detected_type, "text/plain");
  EXPECT_EQ(found.objects.at(2).detected_type, "");
  EXPECT_FALSE(found.bomb);
  const auto tar = packed(&::archive_write_set_format_ustar, nullptr,
                          {{"1", ""}, {"2", ""}, {"3", ""}, {"a.txt", "hello, this is a text\n"}});
  EXPECT_EQ(attachments_of(with_file("a.tar", tar), limits).objects.back().detected_type,
            "text/plain");  // nothing to look at takes no look
}

}  // namespace
}  // namespace postern::content
