// A vault without room says so beforehand, keeps nothing of what it refuses, and recovers.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "base/metrics.h"
#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

using RoomTest = VaultTest;

void expect_full(const Status& status) {
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().permanence, Permanence::temporary);
  EXPECT_THAT(status.error().what, StartsWith("vault full: "));
}

TEST_F(RoomTest, MaxSizeCountsAllMessagesAcrossRestarts) {
  VaultOptions chosen = options();
  chosen.max_size = 1000;
  auto vault = open_vault(chosen);
  EXPECT_TRUE(vault->can_store());
  expect_full(vault->store(message_of(numbered_id(1), noise(1001))));
  const std::string part = noise(600);
  ASSERT_TRUE(vault->store(message_of(numbered_id(2), part)));
  vault.reset();
  vault = open_vault(chosen);
  expect_full(vault->store(message_of(numbered_id(3), part)));
  EXPECT_TRUE(vault->can_store());
  const std::string rest = noise(400);
  EXPECT_TRUE(vault->store(message_of(numbered_id(4), rest)));
  expect_full(vault->can_store());
  expect_full(vault->store(message_of(numbered_id(5), "a")));
  expect_whole(*vault);
  EXPECT_EQ(vault->usage()->bytes, 1000U);
}

TEST_F(RoomTest, ARefusedMessageTakesNoRoom) {
  VaultOptions chosen = options();
  chosen.max_size = 1000;
  const auto vault = open_vault(chosen);
  const std::string part = noise(600);
  ASSERT_TRUE(vault->store(message_of(numbered_id(1), part)));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(vault->store(message_of(numbered_id(1), "again")));
  const std::string rest = noise(400);
  EXPECT_TRUE(vault->store(message_of(numbered_id(2), rest)));
}

TEST_F(RoomTest, ManyAtOnceNeverExceedMaxSize) {
  constexpr unsigned kThreads = 32;
  constexpr unsigned kFit = 10;
  const std::string part = noise(1000);
  VaultOptions chosen = options();
  chosen.max_size = kFit * part.size();
  const auto vault = open_vault(chosen);
  std::atomic<unsigned> stored{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      if (vault->store(message_of(numbered_id(i), part))) ++stored;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored, kFit);
  expect_whole(*vault);
}

TEST_F(RoomTest, MinFreeIsLeftToOthers) {
  VaultOptions chosen = options();
  chosen.min_free = std::uint64_t{1} << 62;
  const auto vault = open_vault(chosen);
  expect_full(vault->can_store());
  expect_full(vault->store(message_of(numbered_id(1), "body")));
  expect_whole(*vault);
}

TEST_F(RoomTest, AWriteThatTheSystemRefusesLeavesNothingBehind) {
  open_vault().reset();
  // In a process of its own: the limit is for all of its files.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto vault = open_vault();
    const rlimit limit{200'000, 200'000};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
    const std::string large = noise(300'000);
    const Status refused = vault->store(message_of(numbered_id(1), large));
    if (refused || refused.error().permanence != Permanence::temporary) ::_exit(3);
    if (!vault->store(message_of(numbered_id(2), "small"))) ::_exit(4);
    // Now the index cannot grow: files that fit, rows that do not, more and more of them.
    const std::vector<ports::VaultCopy> copies(500, copy_for("a@got.com"));
    bool failed = false;
    for (unsigned number = 3; number < 20 && !failed; ++number) {
      failed = !vault->store(message_of(numbered_id(number), "small", copies));
      if (failed && std::filesystem::exists(blob_path(numbered_id(number)))) ::_exit(5);
    }
    ::_exit(failed ? 0 : 6);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  const auto vault = open_vault();
  expect_whole(*vault);
  EXPECT_TRUE(vault->read(numbered_id(2)));
  EXPECT_FALSE(vault->read(numbered_id(1)));
  EXPECT_TRUE(vault->store(message_of(numbered_id(100), "room again")));
}

TEST_F(RoomTest, TheAlarmComesWellBeforeItIsFull) {
  VaultOptions chosen = options();
  chosen.max_size = 1000;
  const auto vault = open_vault(chosen);
  EXPECT_EQ(vault->room()->state, ports::RoomState::enough);
  ASSERT_TRUE(vault->store(message_of(numbered_id(1), noise(799))));
  EXPECT_EQ(vault->room()->state, ports::RoomState::enough);
  ASSERT_TRUE(vault->store(message_of(numbered_id(2), "a")));
  EXPECT_EQ(vault->room()->state, ports::RoomState::low);
  EXPECT_THAT(vault->room()->why, HasSubstr("max_size"));
  EXPECT_TRUE(vault->can_store());
  ASSERT_TRUE(vault->store(message_of(numbered_id(3), noise(200))));
  EXPECT_EQ(vault->room()->state, ports::RoomState::full);
  EXPECT_EQ(vault->room()->bytes, 1000U);
  ASSERT_TRUE(vault->remove({1}, std::nullopt));
  EXPECT_EQ(vault->room()->state, ports::RoomState::enough);
  EXPECT_TRUE(vault->can_store());
}

TEST_F(RoomTest, TheAlarmLooksAtTheFileSystemToo) {
  VaultOptions chosen = options();
  const std::uint64_t free = open_vault(chosen)->room()->free;
  chosen.min_free = free / 8;
  EXPECT_EQ(open_vault(chosen)->room()->state, ports::RoomState::enough);
  chosen.min_free = free / 10 * 7;
  const auto room = open_vault(chosen)->room();
  EXPECT_EQ(room->state, ports::RoomState::low);
  EXPECT_THAT(room->why, HasSubstr("min_free"));
  chosen.min_free = std::uint64_t{1} << 62;
  EXPECT_EQ(open_vault(chosen)->room()->state, ports::RoomState::full);
}

// A file system of its own, two megabytes large.
class SmallDisk {
 public:
  explicit SmallDisk(const std::filesystem::path& path) : path_(path) {
    std::filesystem::create_directories(path);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool is_mounted() const { return mounted_; }

 private:
  const std::filesystem::path path_;
  bool mounted_ = false;
};

TEST_F(RoomTest, AFullFileSystemLosesNothingAndRecovers) {
  const SmallDisk disk(path_);
  if (!disk.is_mounted()) GTEST_SKIP() << "mounting a tmpfs takes root";
  auto vault = open_vault();
  // Large and small ones in turn, so that it is now the file, now the index that finds no room.
  std::vector<unsigned> stored;
  std::vector<unsigned> refused;
  const std::vector<ports::VaultCopy> copies(40, copy_for("a@got.com"));
  for (unsigned number = 1; number < 400; ++number) {
    const std::string bytes = noise(number % 3 == 0 ? 30'000 : 50);
    const Status status = vault->store(message_of(numbered_id(number), bytes, copies));
    if (!status) {
      EXPECT_EQ(status.error().permanence, Permanence::temporary) << status.error().what;
    }
    (status ? stored : refused).push_back(number);
  }
  EXPECT_GT(stored.size(), 20U);
  EXPECT_GT(refused.size(), 20U);
  for (int round = 0; round < 2; ++round) {
    for (const unsigned number : stored) {
      ASSERT_TRUE(vault->read(numbered_id(number))) << number;
    }
    for (const unsigned number : refused) EXPECT_FALSE(vault->read(numbered_id(number)));
    EXPECT_EQ(vault->usage()->messages, stored.size());
    EXPECT_TRUE(findings_of(*vault).empty());
    vault.reset();
    vault = open_vault();
  }
}

TEST_F(RoomTest, ADirectoryThatVanishedIsATemporaryFault) {
  const auto vault = open_vault();
  std::filesystem::remove_all(path_ / "tmp");
  const Status stored = vault->store(message_of(numbered_id(1), "body"));
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().permanence, Permanence::temporary);
  EXPECT_THAT(stored.error().what, HasSubstr("tmp"));
  std::filesystem::create_directory(path_ / "tmp");
  EXPECT_TRUE(vault->store(message_of(numbered_id(1), "body")));
  expect_whole(*vault);
}

TEST_F(RoomTest, MetricsTellWhatIsStored) {
  auto vault = open_vault();
  EXPECT_THAT(metrics::render(), HasSubstr("postern_vault_messages 0\n"));
  ASSERT_TRUE(vault->store(message_of(numbered_id(1), "four")));
  ASSERT_TRUE(vault->store(message_of(numbered_id(2), "four")));
  EXPECT_THAT(metrics::render(), HasSubstr("postern_vault_messages 2\n"));
  EXPECT_THAT(metrics::render(), HasSubstr("postern_vault_bytes 8\n"));
  vault.reset();
  metrics::set("postern_vault_bytes", 0);
  vault = open_vault();
  EXPECT_THAT(metrics::render(), HasSubstr("postern_vault_bytes 8\n"));
}

}  // namespace
}  // namespace postern::vault
