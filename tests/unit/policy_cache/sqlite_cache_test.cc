// What the daemon can rely on that starts without its source: the cached set is the one that was
// written, or it is refused.
#include "adapters/policy_cache/sqlite_cache.h"

#include <SQLiteCpp/Database.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <thread>

#include "support/temp_dir.h"

namespace postern::policy_cache {
namespace {

namespace fs = std::filesystem;
using test::read_file;
using testing::HasSubstr;

using Documents = std::map<std::string, std::string>;

Documents documents_of(const ports::CachedSet& set) {
  Documents documents;
  for (const auto& document : set.documents) documents[document.key] = document.json;
  return documents;
}

ports::CacheUpdate update_of(std::uint64_t generation, const Documents& put,
                             std::vector<std::string> erase = {}) {
  ports::CacheUpdate update;
  update.generation = generation;
  for (const auto& [key, json] : put) update.put.push_back({key, json});
  update.erase = std::move(erase);
  return update;
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

class PolicyCacheFile : public testing::Test {
 protected:
  // A cache with some documents, closed.
  void make(int documents = 40) {
    SqliteCache cache(path_);
    ASSERT_TRUE(cache.load().ok());
    ASSERT_TRUE(cache.reset("redis here").ok());
    for (int at = 0; at < documents; ++at) {
      made_["domain:d" + std::to_string(at) + ".example"] = "{\"name\":\"d" + std::to_string(at) +
                                                            ".example\",\"pad\":\"" +
                                                            std::string(200, 'x') + "\"}";
    }
    ASSERT_TRUE(cache.update(update_of(7, made_)).ok());
  }
  // Nothing: refused, with the reason in fault_.
  std::optional<ports::CachedSet> load() {
    SqliteCache cache(path_);
    auto loaded = cache.load();
    if (!loaded) {
      fault_ = loaded.error().what;
      return std::nullopt;
    }
    return loaded.value();
  }

  test::TempDir temp_;
  const std::string path_ = temp_ / "policy.cache";
  Documents made_;
  std::string fault_;
};

TEST_F(PolicyCacheFile, IsNothingAtFirst) {
  SqliteCache cache(path_);
  const auto loaded = cache.load();
  ASSERT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded->has_value());
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_FALSE(cache.update(update_of(1, {{"domain:a", "{}"}})).ok());
}

TEST_F(PolicyCacheFile, GivesBackWhatWasWritten) {
  {
    SqliteCache cache(path_);
    ASSERT_TRUE(cache.load().ok());
    ASSERT_TRUE(cache.reset("directory /somewhere").ok());
    ASSERT_TRUE(
        cache.update(update_of(1, {{"domain:a", "1"}, {"domain:b", "2"}, {"user:c", "3"}})).ok());
    ASSERT_TRUE(cache.update(update_of(2, {{"domain:b", "4"}}, {"user:c", "user:never"})).ok());
    const std::string odd("\0\xff'\"\n", 5);
    ports::CacheUpdate last = update_of(3, {{"domain:odd", odd}, {"domain:empty", ""}});
    last.accepted_empty = true;
    ASSERT_TRUE(cache.update(last).ok());
  }
  const auto set = load();
  ASSERT_TRUE(set) << fault_;
  EXPECT_EQ(set->source, "directory /somewhere");
  EXPECT_EQ(set->generation, 3U);
  EXPECT_TRUE(set->accepted_empty);
  EXPECT_EQ(documents_of(*set), (Documents{{"domain:a", "1"},
                                           {"domain:b", "4"},
                                           {"domain:odd", std::string("\0\xff'\"\n", 5)},
                                           {"domain:empty", ""}}));
}

TEST_F(PolicyCacheFile, ReadsOneDocument) {
  SqliteCache cache(path_);
  ASSERT_TRUE(cache.reset("s").ok());
  ASSERT_TRUE(cache.update(update_of(1, {{"domain:a", "1"}})).ok());
  EXPECT_EQ(cache.read_one("domain:a").value(), "1");
  EXPECT_EQ(cache.read_one("domain:b").value(), std::nullopt);
  EXPECT_EQ(cache.read_one("domain:a' OR '1'='1").value(), std::nullopt);
}

TEST_F(PolicyCacheFile, IsForItsOwnerAlone) {
  const mode_t mask = ::umask(0);
  make();
  SqliteCache cache(path_);
  ASSERT_TRUE(cache.load().ok());
  ASSERT_TRUE(cache.update(update_of(8, {{"domain:a", "1"}})).ok());
  for (const auto& entry : fs::directory_iterator(temp_.path())) {
    EXPECT_EQ(mode_of(entry.path()), 0600U) << entry.path();
  }
  ::umask(mask);
}

TEST_F(PolicyCacheFile, AWiderModeIsNarrowed) {
  make();
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  ASSERT_TRUE(load()) << fault_;
  EXPECT_EQ(mode_of(path_), 0600U);
}

// Whichever bit flips: the set is the one that was written, or it is refused.
TEST_F(PolicyCacheFile, AFlippedBitIsFoundOrHarmless) {
  make();
  const std::string sound = read_file(path_);
  ASSERT_GT(sound.size(), 8'192U);
  std::size_t refused = 0;
  std::size_t flips = 0;
  for (std::size_t at = 0; at < sound.size(); at += at < 200 ? 1 : 37) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    test::write_file(path_, damaged);
    ++flips;
    const auto set = load();
    if (!set) {
      ++refused;
      EXPECT_FALSE(fault_.empty());
      continue;
    }
    EXPECT_EQ(documents_of(*set), made_) << "byte " << at;
    EXPECT_EQ(set->generation, 7U) << "byte " << at;
    EXPECT_EQ(set->source, "redis here") << "byte " << at;
    SqliteCache cache(path_);
    ASSERT_TRUE(cache.load().ok());
    EXPECT_EQ(cache.read_one("domain:d7.example").value(), made_["domain:d7.example"]);
  }
  // The rest are free pages and the header's hints.
  EXPECT_GT(refused, flips / 4);
}

TEST_F(PolicyCacheFile, ATruncatedFileIsRefused) {
  make();
  const std::string sound = read_file(path_);
  for (const double share : {0.0, 0.01, 0.25, 0.5, 0.9, 0.999}) {
    test::write_file(
        path_,
        sound.substr(0, static_cast<std::size_t>(share * static_cast<double>(sound.size()))));
    EXPECT_FALSE(load()) << share;
    EXPECT_THAT(fault_, HasSubstr(path_));
  }
}

struct Tampering {
  const char* name;
  const char* sql;
  const char* reason;
};

class TamperedCache : public PolicyCacheFile, public testing::WithParamInterface<Tampering> {};

TEST_P(TamperedCache, IsRefused) {
  make();
  {
    SQLite::Database database(path_, SQLite::OPEN_READWRITE);
    database.exec(GetParam().sql);
  }
  EXPECT_FALSE(load());
  EXPECT_THAT(fault_, HasSubstr(GetParam().reason));
}

INSTANTIATE_TEST_SUITE_P(
    By, TamperedCache,
    testing::Values(
        Tampering{"LostDocument",
                  "DELETE FROM documents WHERE key = CAST('domain:d3.example' AS BLOB)",
                  "not whole"},
        Tampering{"ChangedDocument", "UPDATE documents SET json = CAST('{}' AS BLOB)", "damaged"},
        Tampering{"ChangedKey",
                  "UPDATE documents SET key = CAST('domain:x' AS BLOB) WHERE key = "
                  "CAST('domain:d3.example' AS BLOB)",
                  "damaged"},
        Tampering{"ChangedGeneration", "UPDATE meta SET generation = 1", "damaged"},
        Tampering{"ChangedSource", "UPDATE meta SET source = CAST('x' AS BLOB)", "damaged"},
        Tampering{"AcceptedEmpty", "UPDATE meta SET accepted_empty = 1", "damaged"},
        Tampering{"NoDescription", "DELETE FROM meta", "missing"},
        Tampering{"OtherFormat", "PRAGMA user_version = 99", "format 99"},
        Tampering{"ForeignDatabase", "PRAGMA application_id = 5", "not a policy cache"},
        Tampering{"NoTable", "DROP TABLE documents", "documents"}),
    [](const auto& param_info) { return param_info.param.name; });

TEST_F(PolicyCacheFile, ForeignFilesAreRefusedAndLeftAsTheyAre) {
  test::write_file(path_, "This is somebody's letter.\n" + std::string(5'000, 'x'));
  const std::string letter = read_file(path_);
  EXPECT_FALSE(load());
  EXPECT_EQ(read_file(path_), letter);

  fs::remove(path_);
  {
    SQLite::Database(path_, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE t (a)");
  }
  const std::string database = read_file(path_);
  EXPECT_FALSE(load());
  EXPECT_THAT(fault_, HasSubstr("not a policy cache"));
  EXPECT_EQ(read_file(path_), database);
}

TEST_F(PolicyCacheFile, ARefusedFileIsMovedAside) {
  test::write_file(path_, "not a cache");
  SqliteCache cache(path_);
  ASSERT_FALSE(cache.load().ok());
  ASSERT_TRUE(cache.reset("s").ok());
  EXPECT_EQ(read_file(path_ + ".refused"), "not a cache");
  ASSERT_TRUE(cache.update(update_of(1, {{"domain:a", "1"}})).ok());
  EXPECT_EQ(cache.read_one("domain:a").value(), "1");
}

TEST_F(PolicyCacheFile, ALinkIsNotFollowed) {
  test::write_file(temp_ / "elsewhere", "x");
  fs::create_symlink(temp_ / "elsewhere", path_);
  EXPECT_FALSE(load());
  SqliteCache cache(path_);
  ASSERT_TRUE(cache.reset("s").ok());
  EXPECT_EQ(read_file(temp_ / "elsewhere"), "x");
  EXPECT_TRUE(fs::is_symlink(path_ + ".refused"));
}

TEST_F(PolicyCacheFile, WhereNothingCanBeWrittenAnErrorSaysSo) {
  test::write_file(temp_ / "file", "x");
  for (const std::string& path : {temp_ / "missing/policy.cache", temp_ / "file/policy.cache"}) {
    SqliteCache cache(path);
    const Status done = cache.reset("s");
    ASSERT_FALSE(done.ok()) << path;
    EXPECT_THAT(done.error().what, HasSubstr(path));
    EXPECT_FALSE(cache.update(update_of(1, {})).ok());
  }
}

// A second daemon on the same file must not mix its set into the first one's.
TEST_F(PolicyCacheFile, IsForOneProcess) {
  make();
  int opened[2];
  ASSERT_EQ(::pipe(opened), 0);
  // Forked before the file is opened: SQLite's locks would otherwise seem to be the child's own.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char go = 0;
    if (::read(opened[0], &go, 1) != 1) ::_exit(2);
    SqliteCache second(path_);
    const bool kept_out = !second.load().ok() && !second.reset("mine").ok();
    ::_exit(kept_out && fs::exists(path_) ? 0 : 1);
  }
  SqliteCache first(path_);
  const bool loaded = first.load().ok();
  EXPECT_EQ(::write(opened[1], "x", 1), 1);
  int status = -1;
  ::waitpid(child, &status, 0);
  ::close(opened[0]);
  ::close(opened[1]);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(first.update(update_of(8, {{"domain:a", "1"}})).ok());
}

// Killed at any moment, what is found is a set that was whole at some moment.
TEST_F(PolicyCacheFile, AKilledWriterLeavesAWholeSet) {
  make(5);
  for (int round = 0; round < 10; ++round) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      SqliteCache cache(path_);
      if (!cache.load().ok()) ::_exit(1);
      // Every generation writes its number to all documents: a mixture would show.
      for (std::uint64_t generation = 100;; ++generation) {
        Documents all;
        for (int at = 0; at < 50; ++at)
          all["user:" + std::to_string(at)] = std::to_string(generation);
        if (!cache.update(update_of(generation, all)).ok()) ::_exit(1);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 7 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto set = load();
    ASSERT_TRUE(set) << fault_;
    for (const auto& [key, json] : documents_of(*set)) {
      if (!key.starts_with("user:")) continue;
      EXPECT_EQ(json, std::to_string(set->generation));
    }
  }
}

TEST_F(PolicyCacheFile, ReadsWhileItIsWritten) {
  SqliteCache cache(path_);
  ASSERT_TRUE(cache.reset("s").ok());
  ASSERT_TRUE(cache.update(update_of(1, {{"domain:a", "1"}})).ok());
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) EXPECT_TRUE(cache.read_one("domain:a").ok());
  });
  for (std::uint64_t at = 2; at < 200; ++at) {
    ASSERT_TRUE(cache.update(update_of(at, {{"domain:a", std::to_string(at)}})).ok());
  }
}

}  // namespace
}  // namespace postern::policy_cache
