// Documents written as files: whole, under the name that is read back, for the daemon's group alone.
#include "adapters/directory/directory_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/directory/file_name.h"
#include "support/temp_dir.h"

namespace postern::directory {
namespace {

using test::read_file;
using test::TempDir;
using test::write_file;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

struct stat info_of(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info;
}

TEST(DirectoryStore, WritesReadsAndDeletesDocuments) {
  const TempDir directory;
  DirectoryStore store(directory.path());
  ASSERT_TRUE(store
                  .write({{"domain:got.com", "{\"a\":1}"},
                          {"attachments:*", "[]"},
                          {"user:a@b.example", "{}"}})
                  .ok());
  EXPECT_EQ(read_file(directory / "domain/got.com.json"), "{\"a\":1}");
  EXPECT_EQ(read_file(directory / "attachments/%2A.json"), "[]");
  EXPECT_THAT(*store.keys(), ElementsAre("attachments:*", "domain:got.com", "user:a@b.example"));
  ASSERT_TRUE(
      store.write({{"domain:got.com", "{\"a\":2}"}, {"user:a@b.example", std::nullopt}}).ok());
  EXPECT_THAT(*store.read({"domain:got.com", "user:a@b.example"}),
              ElementsAre(Pair("domain:got.com", "{\"a\":2}")));
  EXPECT_THAT(*store.keys(), ElementsAre("attachments:*", "domain:got.com"));
}

TEST(DirectoryStore, EveryNameOfAKeyComesBackFromItsFile) {
  for (const std::string name :
       {"got.com", "*", "a@b.example", "mailServerSetting#0", "#0", ".hidden", "a/b", "100%", "x~",
        "x.tmp", "\"joe doe\"@b.example", "a\\b", "..", "A:B"}) {
    const std::string file = file_of("smarthost:" + name);
    ASSERT_TRUE(file.starts_with("smarthost/")) << file;
    EXPECT_EQ(file.find('/', 10), std::string::npos) << file;
    const auto meaning = read_file_name(file.substr(10));
    const auto* document = std::get_if<DocumentFile>(&meaning);
    ASSERT_NE(document, nullptr) << name << " as " << file;
    EXPECT_EQ(document->name, name);
  }
}

TEST(DirectoryStore, TheDaemonsGroupMayReadAndNobodyElse) {
  const TempDir directory;
  const mode_t before = ::umask(0077);
  DirectoryStore store(directory.path());
  const bool done = store.write({{"dkim:got.com", "{}"}}).ok();
  ::umask(before);
  ASSERT_TRUE(done);
  const gid_t group = info_of(directory.path()).st_gid;
  EXPECT_EQ(info_of(directory / "dkim").st_mode & 0777U, 0750U);
  EXPECT_EQ(info_of(directory / "dkim/got.com.json").st_mode & 0777U, 0640U);
  EXPECT_EQ(info_of(directory / "dkim/got.com.json").st_gid, group);
}

TEST(DirectoryStore, AFileThatIsThereKeepsItsMode) {
  const TempDir directory;
  write_file(directory / "dkim/got.com.json", "old");
  ASSERT_EQ(::chmod((directory / "dkim/got.com.json").c_str(), 0600), 0);
  DirectoryStore store(directory.path());
  ASSERT_TRUE(store.write({{"dkim:got.com", "new"}}).ok());
  EXPECT_EQ(read_file(directory / "dkim/got.com.json"), "new");
  EXPECT_EQ(info_of(directory / "dkim/got.com.json").st_mode & 0777U, 0600U);
}

TEST(DirectoryStore, OneFileIsLeftOfADocumentThatStoodInAnotherSpelling) {
  const TempDir directory;
  write_file(directory / "domain/got.com.yml", "a: 1\n");
  write_file(directory / "domain/GOT.com.json", "{\"a\":2}");
  write_file(directory / "domain/other.com.yml", "a: 3\n");
  DirectoryStore store(directory.path());
  ASSERT_TRUE(store.write({{"domain:got.com", "{\"a\":4}"}}).ok());
  EXPECT_EQ(read_file(directory / "domain/got.com.json"), "{\"a\":4}");
  EXPECT_NE(::access((directory / "domain/got.com.yml").c_str(), F_OK), 0);
  EXPECT_NE(::access((directory / "domain/GOT.com.json").c_str(), F_OK), 0);
  ASSERT_TRUE(store.write({{"domain:other.com", std::nullopt}}).ok());
  EXPECT_THAT(*store.keys(), ElementsAre("domain:got.com"));
}

TEST(DirectoryStore, WhatCannotBeWrittenIsSaidWithItsNameAndLeavesNothingBehind) {
  const TempDir directory;
  DirectoryStore nowhere(directory / "none");
  EXPECT_THAT(nowhere.write({{"domain:got.com", "{}"}}).error().what, HasSubstr("/none: No such"));
  write_file(directory / "domain", "a file where the folder belongs");
  DirectoryStore store(directory.path());
  EXPECT_THAT(store.write({{"domain:got.com", "{}"}}).error().what, HasSubstr("/domain: "));
  const TempDir clean;
  EXPECT_THAT(DirectoryStore(clean.path()).write({{"nonsense", "{}"}}).error().what,
              HasSubstr("nonsense"));
  EXPECT_EQ(read_file(directory / "domain"), "a file where the folder belongs");
}

}  // namespace
}  // namespace postern::directory
