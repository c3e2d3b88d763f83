// Purpose:   the daemon's signals: SIGHUP, SIGTERM and SIGINT come to one place, as values.
// Ownership: owns a signalfd. One per process, made in main() before any thread.
// Threading: made in the main thread; next() from any one thread. Threads made later inherit the
// blocking. Failure:   make() answers an Error; next() answers nothing at its deadline. Why here:
// libmilter takes the same three signals with a thread of its own, which would win the race for
//            some of them and stop the milter at once. sigwait(3) is therefore replaced
//            (signals.cc).
// Source:    signalfd(2), libmilter's signal thread (8.17).
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace postern::server {

class DaemonSignals {
 public:
  // Blocks the three signals in the calling thread, and in all that it makes from now on.
  static Result<DaemonSignals> make();

  int fd() const { return fd_.get(); }  // readable when a signal waits
  // SIGHUP, SIGTERM or SIGINT.
  std::optional<int> next(Milliseconds timeout);

 private:
  explicit DaemonSignals(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

// Whether libmilter is kept from taking the signals in this program; an Error when the replacement
// did not come to be linked in front of the C library's.
Status libmilter_leaves_signals_alone();

}  // namespace postern::server
