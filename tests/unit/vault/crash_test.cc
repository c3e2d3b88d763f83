// Whatever instruction of store() is the last, the vault opens whole: a message is there with all
// its rows or not at all, and what was answered with ok is there.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <random>
#include <thread>

#include "base/random_id.h"
#include "unit/vault/fixture.h"

namespace postern::vault {
namespace {

// Runs `work` in a process of its own under ptrace. `at_stop` is told of every stop at the entry
// and the exit of a system call; false kills the process there. Answers whether it came to its end,
// or nothing where the system allows no tracing.
std::optional<bool> trace(const std::function<void()>& prepare, const std::function<void()>& work,
                          const std::function<bool(pid_t)>& at_stop) {
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    prepare();
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(99);
    ::raise(SIGSTOP);
    work();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 99) return std::nullopt;
  if (!WIFSTOPPED(status)) throw std::runtime_error("the traced process ended early");
  ::ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  for (;;) {
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    if (::waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid");
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 0;
    if (!WIFSTOPPED(status)) throw std::runtime_error("the traced process was killed by another");
    if (!at_stop(child)) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      return false;
    }
  }
}

using CrashTest = VaultTest;

TEST_F(CrashTest, AnySystemCallOfStoreMayBeTheLast) {
  open_vault().reset();
  const std::string body(3000, 'a');
  bool finished = false;
  std::uint64_t survivors = 0;
  unsigned stops = 1;
  for (; !finished; ++stops) {
    ASSERT_LT(stops, 2000U);
    const std::string id = numbered_id(stops << 16U).substr(4) + "0000";
    std::unique_ptr<Store> vault;
    unsigned left = stops;
    const auto ended = trace(
        [&] { vault = open_vault(); },
        [&] {
          const auto message = message_of(id, body, {copy_for("a@got.com"), copy_for("b@got.com")});
          if (!vault->store(message)) ::_exit(1);
        },
        [&](pid_t) { return --left > 0; });
    if (!ended) GTEST_SKIP() << "no ptrace here";
    finished = *ended;

    vault = open_vault();
    expect_whole(*vault);
    const auto rows = vault->list({.id = id});
    ASSERT_TRUE(rows) << rows.error().what;
    EXPECT_THAT(rows->size(), testing::AnyOf(0U, 2U));
    if (finished) {
      EXPECT_EQ(rows->size(), 2U);
    }
    if (!rows->empty()) ++survivors;
    ASSERT_FALSE(HasFailure()) << "after " << stops << " stops";
  }
  // Some were killed before the commit and some after it, else the test has missed its subject.
  EXPECT_GT(stops, 40U);
  EXPECT_GT(survivors, 1U);
  EXPECT_LT(survivors, stops - 20);
}

// "sync tmp/<id>", "link", "remove": what the process is about to do, as far as durability goes.
std::string describe_call(pid_t process, const std::string& root) {
  __ptrace_syscall_info info{};
  if (::ptrace(PTRACE_GET_SYSCALL_INFO, process, sizeof info, &info) <= 0) return "unknown";
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return "";
  const auto number = static_cast<long>(info.entry.nr);
  if (number == SYS_linkat) return "link";
  if (number == SYS_unlinkat) return "remove";
  if (number != SYS_fsync && number != SYS_fdatasync) return "";
  const auto target = std::filesystem::read_symlink("/proc/" + std::to_string(process) + "/fd/" +
                                                    std::to_string(info.entry.args[0]));
  return "sync " + target.lexically_relative(root).string();
}

std::optional<std::vector<std::string>> calls_of_store(const VaultOptions& options,
                                                       const std::string& id) {
  std::vector<std::string> calls;
  Result<std::unique_ptr<vault::Store>> vault = permanent_error("");
  // A first message takes what happens once per process: SQLite syncs a new log whatever it is
  // told.
  const auto prepare = [&] {
    vault = open(options);
    if (!(*vault)->store(message_of(numbered_id(0xffff), "first"))) ::_exit(1);
  };
  const auto ended = trace(
      prepare,
      [&] {
        if (!(*vault)->store(message_of(id, "body"))) ::_exit(1);
      },
      [&](pid_t process) {
        const std::string call = describe_call(process, options.path);
        if (!call.empty()) calls.push_back(call);
        return true;
      });
  if (!ended) return std::nullopt;
  EXPECT_TRUE(*ended);
  return calls;
}

TEST_F(CrashTest, BytesThenNamesThenDirectoriesThenIndex) {
  open_vault().reset();
  const std::string id = "abcd" + numbered_id(1).substr(4);
  const auto calls = calls_of_store(options(), id);
  if (!calls) GTEST_SKIP() << "no ptrace here";
  const auto first = [&](const std::string& call) {
    return std::find(calls->begin(), calls->end(), call) - calls->begin();
  };
  const auto all = static_cast<std::ptrdiff_t>(calls->size());
  const auto link = first("link");
  const auto index = first("sync index.sqlite-wal");
  ASSERT_LT(index, all) << testing::PrintToString(*calls);
  EXPECT_LT(first("sync tmp/" + id), link);
  EXPECT_LT(link, first("sync blobs/ab/cd"));
  EXPECT_LT(first("sync blobs/ab/cd"), index);
  EXPECT_LT(first("sync blobs/ab"), index);
  EXPECT_LT(first("sync blobs"), index);
  // Only a committed message loses its second name.
  EXPECT_EQ(first("remove"), all - 1) << testing::PrintToString(*calls);
  EXPECT_LT(index, first("remove"));
}

TEST_F(CrashTest, WithoutDurabilityNothingWaitsForTheDisk) {
  VaultOptions chosen = options();
  chosen.durable = false;
  open_vault(chosen).reset();
  const auto calls = calls_of_store(chosen, numbered_id(1));
  if (!calls) GTEST_SKIP() << "no ptrace here";
  EXPECT_EQ(*calls, (std::vector<std::string>{"link", "remove"}));
}

TEST_F(CrashTest, KilledAtRandomWhileManyStore) {
  std::mt19937 random(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  std::vector<std::string> answered;
  for (int round = 0; round < 8; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto vault = open_vault();
      const auto store = [&] {
        const std::string body(2000, 'a');
        for (;;) {
          const std::string id = random_id();
          if (!vault->store(message_of(id, body))) ::_exit(1);
          // Shorter than PIPE_BUF: written whole or not at all.
          if (::write(ends[1], id.data(), id.size()) < 0) ::_exit(1);
        }
      };
      std::thread other(store);
      store();
    }
    ::close(ends[1]);
    // So many answers, then a moment of any length, then the end.
    std::string ids(32 * (1 + random() % 40), '\0');
    std::size_t got = 0;
    const auto read_more = [&] {
      const ssize_t size = ::read(ends[0], ids.data() + got, ids.size() - got);
      if (size > 0) got += static_cast<std::size_t>(size);
      return size > 0;
    };
    while (got < ids.size() && read_more()) {
    }
    ASSERT_EQ(got, ids.size());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child could not store";
    ids.resize(ids.size() + 65536);
    while (read_more()) {
    }
    ::close(ends[0]);
    for (std::size_t at = 0; at + 32 <= got; at += 32) answered.push_back(ids.substr(at, 32));

    const auto vault = open_vault();
    expect_whole(*vault);
    for (const std::string& id : answered) {
      const auto read = vault->read(id);
      EXPECT_TRUE(read) << read.error().what;
    }
  }
}

// Expiry, over and over, killed at any instant: no file without its message, no message without its file,
// and nothing is lost that was not ended.
TEST_F(CrashTest, KilledAtRandomWhileManyAreRemoved) {
  std::mt19937 random(static_cast<unsigned>(testing::UnitTest::GetInstance()->random_seed()));
  const std::string body = noise(2000);
  std::uint64_t removed = 0;
  for (int round = 0; round < 8; ++round) {
    std::vector<std::string> kept;
    {
      const auto vault = open_vault();
      for (int i = 0; i < 120; ++i) {
        const std::string id = random_id();
        const bool stays = i % 4 == 0;
        // Half of those that stay have a row that ends as well.
        std::vector<ports::VaultCopy> copies;
        if (!stays || i % 8 == 0) {
          copies.push_back(
              copy_for("a@got.com", ports::Purpose::quarantine, decide::MailClass::spam, 1));
        }
        if (stays) {
          copies.push_back(
              copy_for("b@got.com", ports::Purpose::archive, decide::MailClass::spam, 12));
        }
        ASSERT_TRUE(vault->store(message_of(id, body, copies)));
        if (stays) kept.push_back(id);
      }
    }
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto vault = open_vault();
      const WallTime now = message_of("", "").received + std::chrono::days(2);
      for (;;) {
        const auto page = vault->ended(now, std::nullopt, 7);
        if (!page) ::_exit(1);
        if (page->rows.empty()) ::_exit(0);
        std::vector<std::int64_t> rows;
        for (const auto& row : page->rows) rows.push_back(row.row);
        if (!vault->remove(rows, std::nullopt)) ::_exit(1);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0) << "the child could not remove";

    const auto vault = open_vault();
    expect_whole(*vault);
    for (const auto& finding : findings_of(*vault)) {
      ADD_FAILURE() << to_string(finding.fault) << " " << finding.name << ": " << finding.what;
    }
    for (const std::string& id : kept) {
      const auto read = vault->read(id);
      EXPECT_TRUE(read) << read.error().what;
    }
    removed += 120 - vault->usage()->messages;
    // The rest goes whole, for the next round to begin with what it knows.
    for (const auto& row : *vault->list({.limit = 10'000})) {
      ASSERT_TRUE(vault->remove({row.row}, std::nullopt));
    }
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
  EXPECT_GT(removed, 0U);
}

TEST_F(CrashTest, AnySystemCallOfARemovalMayBeTheLast) {
  open_vault().reset();
  const std::string body = noise(3000);
  bool finished = false;
  std::uint64_t survivors = 0;
  unsigned stops = 1;
  for (; !finished; ++stops) {
    ASSERT_LT(stops, 2000U);
    const std::string gone = numbered_id(stops << 16U).substr(4) + "0000";
    const std::string stays = numbered_id(stops << 16U).substr(4) + "0001";
    std::vector<std::int64_t> rows;
    {
      const auto vault = open_vault();
      ASSERT_TRUE(vault->store(message_of(gone, body)));
      ASSERT_TRUE(
          vault->store(message_of(stays, body, {copy_for("a@got.com"), copy_for("b@got.com")})));
      rows = {vault->list({.id = gone})->at(0).row, vault->list({.id = stays})->at(0).row};
    }
    std::unique_ptr<Store> vault;
    unsigned left = stops;
    const auto ended = trace([&] { vault = open_vault(); },
                             [&] {
                               if (!vault->remove(rows, std::nullopt)) ::_exit(1);
                             },
                             [&](pid_t) { return --left > 0; });
    if (!ended) GTEST_SKIP() << "no ptrace here";
    finished = *ended;
    vault = open_vault();
    expect_whole(*vault);
    EXPECT_TRUE(findings_of(*vault).empty());
    EXPECT_TRUE(vault->read(stays));
    // Both rows or none.
    const std::size_t still_there = vault->list({.id = gone})->size();
    EXPECT_EQ(vault->list({.id = stays})->size(), still_there == 0 ? 1U : 2U);
    survivors += still_there;
    for (const auto& row : *vault->list({})) ASSERT_TRUE(vault->remove({row.row}, std::nullopt));
    ASSERT_FALSE(HasFailure()) << "after " << stops << " stops";
  }
  EXPECT_GT(survivors, 10U);
  EXPECT_LT(survivors, stops - 10);
}

TEST_F(CrashTest, OpeningAgainWhileAStoreRunsDoesNotTakeItsFile) {
  // A second name that a living process holds locked is not for recovery to decide.
  open_vault().reset();
  const std::string id = numbered_id(1);
  const auto name = (path_ / "tmp" / id).string();
  const int held = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(held, 0);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  open_vault().reset();
  EXPECT_EQ(files_below("tmp"), std::vector<std::string>{id});
  ::close(held);
  open_vault().reset();
  EXPECT_EQ(files_below("tmp"), std::vector<std::string>());
}

}  // namespace
}  // namespace postern::vault
