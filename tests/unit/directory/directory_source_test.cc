// What an operator can rely on whose policies are files.
#include "adapters/directory/directory_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "support/eventually.h"
#include "support/recording_sink.h"
#include "support/temp_dir.h"

namespace postern::directory {
namespace {

namespace fs = std::filesystem;
using test::eventually;
using test::RecordingSink;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Directory : public testing::Test {
 protected:
  ~Directory() override { stop(); }

  void start(Milliseconds every = Milliseconds(30'000)) {
    DirectoryOptions options;
    options.path = root_;
    options.every = every;
    options.retry = Milliseconds(20);
    source_ = std::make_unique<DirectorySource>(options);
    thread_ = std::jthread([this](std::stop_token stop) { source_->run(std::move(stop), sink_); });
  }
  void start_and_wait() {
    start();
    ASSERT_TRUE(eventually([this] { return sink_.heard().full_sets == 1; }));
  }
  void stop() { thread_ = {}; }

  std::string file(const std::string& name) const { return root_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    write_file(file(name), text);
  }
  bool becomes(const std::string& key, const std::string& json) const {
    return eventually([&] { return sink_.has(key, json); });
  }
  bool vanishes(const std::string& key) const {
    return eventually([&] { return sink_.lacks(key); });
  }
  bool is_unreadable(const std::string& key, const std::string& origin,
                     const std::string& why) const {
    return eventually([&] {
      return sink_.ask([&](const RecordingSink::Heard& heard) {
        const auto found = heard.unreadable.find({key, file(origin)});
        return found != heard.unreadable.end() && found->second.find(why) != std::string::npos;
      });
    });
  }

  test::TempDir temp_;
  const std::string root_ = temp_ / "policy";
  RecordingSink sink_;
  std::unique_ptr<DirectorySource> source_;
  std::jthread thread_;
};

TEST_F(Directory, ReadsEveryFolderOnce) {
  write("domain/GoT.com.json", R"({"name":"got.com"})");
  write("user/joffrey@lannister.net.yml", "email: joffrey@lannister.net\nid: 5\n");
  write("attachments/%2A.json", "[]");
  start_and_wait();
  const auto heard = sink_.heard();
  EXPECT_EQ(heard.documents,
            (std::map<std::string, std::string>{
                {"domain:got.com", R"({"name":"got.com"})"},
                {"user:joffrey@lannister.net", R"({"email":"joffrey@lannister.net","id":5})"},
                {"attachments:*", "[]"}}));
  EXPECT_THAT(heard.unreadable, IsEmpty());
  EXPECT_FALSE(heard.away.has_value());
}

TEST_F(Directory, AnEmptyDirectoryIsAnEmptySet) {
  fs::create_directories(root_);
  start_and_wait();
  EXPECT_THAT(sink_.heard().documents, IsEmpty());
}

TEST_F(Directory, PicksUpWhatChangesWithoutARestart) {
  write("domain/a.example.json", "1");
  start_and_wait();
  write("domain/a.example.json", "2");
  EXPECT_TRUE(becomes("domain:a.example", "2"));
  write("domain/b.example.json", "3");
  EXPECT_TRUE(becomes("domain:b.example", "3"));
  write("user/x@a.example.json", "4");  // a folder that was not there before
  EXPECT_TRUE(becomes("user:x@a.example", "4"));
  write("user/x@a.example.json", "5");
  EXPECT_TRUE(becomes("user:x@a.example", "5"));
  fs::remove(file("domain/b.example.json"));
  EXPECT_TRUE(vanishes("domain:b.example"));
  fs::remove_all(file("user"));
  EXPECT_TRUE(vanishes("user:x@a.example"));
  EXPECT_TRUE(sink_.has("domain:a.example", "2"));
  EXPECT_EQ(sink_.heard().full_sets, 1U);
}

TEST_F(Directory, SaysOnlyWhatHasChanged) {
  for (int at = 0; at < 20; ++at) write("domain/d" + std::to_string(at) + ".example.json", "1");
  start_and_wait();
  write("domain/d7.example.json", "2");
  ASSERT_TRUE(becomes("domain:d7.example", "2"));
  write("domain/d7.example.json", "2");  // touched, not changed
  write("domain/last.example.json", "9");
  ASSERT_TRUE(becomes("domain:last.example", "9"));
  const auto heard = sink_.heard();
  EXPECT_EQ(heard.changes, 2U);
  EXPECT_EQ(heard.full_sets, 1U);
}

TEST_F(Directory, AnEditorsRenameIsNoDeletion) {
  write("domain/a.example.json", "0");
  start_and_wait();
  for (int round = 1; round <= 30; ++round) {
    // Away for an instant, then back by rename.
    fs::rename(file("domain/a.example.json"), file("domain/a.example.json~"));
    write("domain/.new", std::to_string(round));
    fs::rename(file("domain/.new"), file("domain/a.example.json"));
  }
  ASSERT_TRUE(becomes("domain:a.example", "30"));
  EXPECT_THAT(sink_.heard().deleted, IsEmpty());
}

TEST_F(Directory, FollowsSymbolicLinksThatAreSwapped) {
  // As Kubernetes mounts a ConfigMap: domain/x -> ..data/x, ..data -> ..version
  write("domain/..one/a.example.json", "1");
  fs::create_directory_symlink("..one", file("domain/..data"));
  fs::create_symlink("..data/a.example.json", file("domain/a.example.json"));
  start_and_wait();
  EXPECT_TRUE(sink_.has("domain:a.example", "1"));
  write("domain/..two/a.example.json", "2");
  fs::create_directory_symlink("..two", file("domain/..data_tmp"));
  fs::rename(file("domain/..data_tmp"), file("domain/..data"));
  EXPECT_TRUE(becomes("domain:a.example", "2"));
}

TEST_F(Directory, AFolderMayBeALinkThatIsSwapped) {
  write("..one/domain/a.example.json", "1");
  fs::create_directory_symlink("..one", file("..data"));
  fs::create_directory_symlink("..data/domain", file("domain"));
  start_and_wait();
  EXPECT_TRUE(sink_.has("domain:a.example", "1"));
  write("..two/domain/a.example.json", "2");
  fs::create_directory_symlink("..two", file("..data_tmp"));
  fs::rename(file("..data_tmp"), file("..data"));
  EXPECT_TRUE(becomes("domain:a.example", "2"));
  // The new folder is watched as the old one was.
  write("..two/domain/a.example.json", "3");
  EXPECT_TRUE(becomes("domain:a.example", "3"));
}

TEST_F(Directory, AFileThatCannotBeReadIsNoDeletion) {
  write("domain/a.example.yml", "name: a.example\n");
  start_and_wait();
  write("domain/a.example.yml", "name: [\n");
  ASSERT_TRUE(is_unreadable("domain:a.example", "domain/a.example.yml", "line"));
  EXPECT_TRUE(sink_.has("domain:a.example", R"({"name":"a.example"})"));
  write("domain/a.example.yml", "name: b\n");
  EXPECT_TRUE(becomes("domain:a.example", R"({"name":"b"})"));
  EXPECT_THAT(sink_.heard().deleted, IsEmpty());
}

TEST_F(Directory, NamesWhatIsNoDocument) {
  write("domain/a.example.json", "1");
  write("domain/notes.txt", "x");
  write("stray.json", "1");
  write("README.md", "not a document, and nobody minds");
  write("domain/big.example.json", std::string(kMaxFileSize + 1, ' '));
  fs::create_directories(file("domain/folder.json"));
  fs::create_symlink("nowhere.json", file("domain/dangling.example.json"));
  ASSERT_EQ(::mkfifo(file("domain/pipe.example.json").c_str(), 0600), 0);
  start_and_wait();
  EXPECT_TRUE(is_unreadable("domain:notes.txt", "domain/notes.txt", "neither .json"));
  EXPECT_TRUE(is_unreadable("stray.json", "stray.json", "folder of its type"));
  EXPECT_TRUE(is_unreadable("domain:big.example", "domain/big.example.json", "16 MiB"));
  EXPECT_TRUE(is_unreadable("domain:folder", "domain/folder.json", "not a regular file"));
  EXPECT_TRUE(is_unreadable("domain:dangling.example", "domain/dangling.example.json", "link"));
  EXPECT_TRUE(is_unreadable("domain:pipe.example", "domain/pipe.example.json", "regular file"));
  EXPECT_EQ(sink_.heard().unreadable.size(), 6U);
  EXPECT_EQ(sink_.heard().documents.size(), 1U);
}

TEST_F(Directory, OfTwoFilesForOneDocumentTheFirstCounts) {
  write("domain/a.example.json", R"("json")");
  write("domain/a.example.yml", "yaml\n");
  start_and_wait();
  EXPECT_TRUE(sink_.has("domain:a.example", R"("json")"));
  EXPECT_TRUE(is_unreadable("domain:a.example", "domain/a.example.yml", "domain/a.example.json"));
  // Once the first is gone, the other is the document.
  fs::remove(file("domain/a.example.json"));
  EXPECT_TRUE(becomes("domain:a.example", R"("yaml")"));
  EXPECT_THAT(sink_.heard().deleted, IsEmpty());
}

TEST_F(Directory, AFaultThatGoesAwayIsForgotten) {
  write("domain/a.example.json", "1");
  write("domain/notes.txt", "x");
  start_and_wait();
  fs::remove(file("domain/notes.txt"));
  // A full set without it: that is how a sink learns that nothing is unreadable any more.
  EXPECT_TRUE(eventually([this] { return sink_.heard().full_sets == 2; }));
}

TEST_F(Directory, IsAwayWhileTheDirectoryIsMissing) {
  start();
  ASSERT_TRUE(eventually([this] { return sink_.heard().away.has_value(); }));
  EXPECT_THAT(*sink_.heard().away, HasSubstr(root_));
  EXPECT_EQ(sink_.heard().full_sets, 0U);
  write("domain/a.example.json", "1");
  EXPECT_TRUE(becomes("domain:a.example", "1"));
  EXPECT_TRUE(eventually([this] { return !sink_.heard().away; }));
  // It goes away again: nothing is deleted by that.
  fs::rename(root_, root_ + ".elsewhere");
  ASSERT_TRUE(eventually([this] { return sink_.heard().away.has_value(); }));
  fs::rename(root_ + ".elsewhere", root_);
  ASSERT_TRUE(eventually([this] { return !sink_.heard().away; }));
  EXPECT_TRUE(sink_.has("domain:a.example", "1"));
  EXPECT_THAT(sink_.heard().deleted, IsEmpty());
}

TEST_F(Directory, ANotListableFolderIsNoDeletion) {
  if (::geteuid() == 0) {
    // root reads everything: a file in the place of the folder is what it cannot list either.
    write("domain/a.example.json", "1");
    fs::create_directory_symlink("loop", file("loop"));
    start();
    ASSERT_TRUE(eventually([this] { return sink_.heard().away.has_value(); }));
    EXPECT_THAT(*sink_.heard().away, HasSubstr("loop"));
    fs::remove(file("loop"));
    EXPECT_TRUE(becomes("domain:a.example", "1"));
    return;
  }
  write("domain/a.example.json", "1");
  start_and_wait();
  fs::permissions(file("domain"), fs::perms::none);
  ASSERT_TRUE(eventually([this] { return sink_.heard().away.has_value(); }));
  fs::permissions(file("domain"), fs::perms::owner_all);
  ASSERT_TRUE(eventually([this] { return !sink_.heard().away; }));
  EXPECT_TRUE(sink_.has("domain:a.example", "1"));
  EXPECT_THAT(sink_.heard().deleted, IsEmpty());
}

TEST_F(Directory, AFullSetCanBeAskedFor) {
  write("domain/a.example.json", "1");
  start_and_wait();
  source_->request_full_set();
  EXPECT_TRUE(eventually([this] { return sink_.heard().full_sets == 2; }));
  EXPECT_TRUE(sink_.has("domain:a.example", "1"));
}

TEST_F(Directory, LooksNowAndThenEvenWhenNoEventComes) {
  // The target of a link outside the directory is not watched, as a network file system is not.
  test::write_file(temp_ / "outside.json", "1");
  fs::create_directories(file("domain"));
  fs::create_symlink(temp_ / "outside.json", file("domain/a.example.json"));
  start(Milliseconds(20));
  ASSERT_TRUE(becomes("domain:a.example", "1"));
  test::write_file(temp_ / "outside.json", "2");
  EXPECT_TRUE(becomes("domain:a.example", "2"));
}

TEST_F(Directory, ManyFilesAtOnceBecomeFewChanges) {
  fs::create_directories(file("domain"));
  start_and_wait();
  for (int at = 0; at < 500; ++at) write("domain/d" + std::to_string(at) + ".example.json", "1");
  ASSERT_TRUE(eventually([this] { return sink_.heard().documents.size() == 500; }));
  EXPECT_LT(sink_.heard().changes, 100U);
}

TEST_F(Directory, SaysWhatItIs) {
  start();
  EXPECT_EQ(source_->describe(), "directory " + root_);
}

}  // namespace
}  // namespace postern::directory
