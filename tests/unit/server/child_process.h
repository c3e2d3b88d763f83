// A program started by a test, heard line by line, and gone at the latest with the test.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace postern::test {

class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();  // SIGKILL
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  // The next line of its standard output; "(nothing)" when none comes, or at its end.
  std::string line();
  // Its exit status; 128 + signal when it was killed; -1 when it does not end.
  int wait();

 private:
  pid_t pid_ = -1;
  bool ended_ = false;
  UniqueFd output_;
  std::string buffer_;
};

}  // namespace postern::test
