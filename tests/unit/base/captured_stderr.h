// Standard error into a file of no name for as long as this lives.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "base/unique_fd.h"

namespace postern {

class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)), file_(memfd_create("stderr", MFD_CLOEXEC)) {
    if (!saved_ || !file_ || dup2(file_.get(), STDERR_FILENO) < 0) {
      throw std::runtime_error("cannot capture standard error");
    }
  }
  ~CapturedStderr() { dup2(saved_.get(), STDERR_FILENO); }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  std::string text() const {
    std::string all;
    char buffer[65536];
    ssize_t got = 0;
    while ((got = pread(file_.get(), buffer, sizeof buffer, static_cast<off_t>(all.size()))) > 0) {
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  UniqueFd saved_;
  UniqueFd file_;
};

}  // namespace postern
