#include "unit/server/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "base/deadline.h"
#include "unit/server/raw_client.h"

namespace postern::test {

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  output_ = UniqueFd(ends[0]);
  const UniqueFd write_end(ends[1]);
  std::vector<char*> arguments;
  for (const std::string& argument : command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, write_end.get(), STDOUT_FILENO);
  if (::posix_spawn(&pid_, command.front().c_str(), &actions, nullptr, arguments.data(), environ) !=
      0) {
    pid_ = -1;
  }
  ::posix_spawn_file_actions_destroy(&actions);
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0 || ended_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void ChildProcess::signal(int number) const {
  if (pid_ > 0 && !ended_) ::kill(pid_, number);
}

std::string ChildProcess::line() {
  const Deadline deadline = Deadline::after(kPatience);
  for (;;) {
    const std::size_t end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd waiting{output_.get(), POLLIN, 0};
    std::array<char, 4096> chunk;
    if (::poll(&waiting, 1, deadline.poll_timeout()) <= 0) return "(nothing)";
    const ssize_t got = ::read(output_.get(), chunk.data(), chunk.size());
    if (got <= 0) return "(nothing)";
    buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

int ChildProcess::wait() {
  for (const Deadline deadline = Deadline::after(kPatience); !deadline.passed();) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = true;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    std::this_thread::sleep_for(Milliseconds(5));
  }
  return -1;
}

}  // namespace postern::test
