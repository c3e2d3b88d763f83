// Purpose:   how far a long verb has come: a bar on a terminal, nothing anywhere else.
// Ownership: borrows nothing; writes to standard error and clears its line when it ends.
// Threading: one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace postern::ctl {

class Progress {
 public:
  // `total` 0: how much there is, is not known; then a count is shown.
  Progress(std::string label, std::size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::size_t done);

 private:
  const std::string label_;
  const std::size_t total_;
  const bool is_shown_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace postern::ctl
