// Where the journal listens, an event arrives there with its fields. The journal's socket has a
// fixed place, so a stand-in for it is put there in a mount namespace of a child's own.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "base/log.h"
#include "base/unique_fd.h"

namespace postern {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int kNoNamespace = 77;

bool make_journal_socket(int socket) {
  // Root needs no user namespace, and in containers may not have one.
  if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (mount("none", "/run", "tmpfs", 0, nullptr) != 0) return false;
  mkdir("/run/systemd", 0755);
  mkdir("/run/systemd/journal", 0755);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, "/run/systemd/journal/socket");
  return bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Writes what arrived at the journal to `out`, then what came on standard error.
int run_child(int out, bool ours) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!make_journal_socket(socket.get())) return kNoNamespace;
  int ends[2];
  if (pipe2(ends, O_NONBLOCK) != 0 || dup2(ends[1], STDERR_FILENO) < 0) return 1;
  struct stat status {};
  if (fstat(STDERR_FILENO, &status) != 0) return 1;
  const std::string stream =
      std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino + (ours ? 0 : 1));
  setenv("JOURNAL_STREAM", stream.c_str(), 1);
  log::configure(log::Level::info, log::Format::journal);
  log::warning("spam\nstored", {{"queue_id", "4XyZ"}, {"score", 7}, {"subject", "a\nPRIORITY=0"}});
  char buffer[65536];
  const ssize_t got = recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
  if (got > 0 && write(out, buffer, static_cast<std::size_t>(got)) != got) return 1;
  const ssize_t lines = read(ends[0], buffer, sizeof buffer);
  if (lines > 0 && write(out, buffer, static_cast<std::size_t>(lines)) != lines) return 1;
  return 0;
}

// Nothing: this machine lets nobody make a namespace.
std::optional<std::string> seen_by_journal(bool ours) {
  int ends[2];
  if (pipe(ends) != 0) return std::nullopt;
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  const pid_t child = fork();
  if (child == 0) _exit(run_child(to.get(), ours));
  to.reset();
  std::string text;
  char buffer[65536];
  ssize_t got = 0;
  while ((got = read(from.get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(got));
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoNamespace) return std::nullopt;
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return text;
}

TEST(Journal, GetsFieldsWhereItListens) {
  const auto text = seen_by_journal(true);
  if (!text) GTEST_SKIP() << "no user namespaces here";
  EXPECT_THAT(*text, HasSubstr("MESSAGE=spam\\nstored queue_id=4XyZ score=7 "
                               "subject=\"a\\nPRIORITY=0\"\n"));
  EXPECT_THAT(*text, HasSubstr("PRIORITY=4\n"));
  EXPECT_THAT(*text, HasSubstr("POSTERN_EVENT=spam\\nstored\n"));
  EXPECT_THAT(*text, HasSubstr("POSTERN_QUEUE_ID=4XyZ\n"));
  EXPECT_THAT(*text, HasSubstr("POSTERN_SCORE=7\n"));
  EXPECT_THAT(*text, HasSubstr("POSTERN_SUBJECT=a\\nPRIORITY=0\n"));
  // No sender writes a field of his own.
  EXPECT_THAT(*text, Not(HasSubstr("\nPRIORITY=0")));
  EXPECT_THAT(*text, Not(HasSubstr("<4>")));
}

TEST(Journal, OfSomebodyElsesStandardErrorIsNotOurs) {
  const auto text = seen_by_journal(false);
  if (!text) GTEST_SKIP() << "no user namespaces here";
  EXPECT_EQ(*text, "<4>spam\\nstored queue_id=4XyZ score=7 subject=\"a\\nPRIORITY=0\"\n");
}

}  // namespace
}  // namespace postern
