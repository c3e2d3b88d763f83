// Purpose:   brings one thread out of poll(2) from another: a stop, or a request to do something now.
// Ownership: owns an eventfd.
// Threading: signal() from any thread; fd() and clear() by the thread that polls.
// Failure:   without a descriptor to be had, fd() is -1, which poll(2) skips: the waiter then notices
//            at its own deadline only.
#pragma once

#include "base/deadline.h"
#include "base/unique_fd.h"

namespace postern {

class Wakeup {
 public:
  Wakeup();
  void signal() noexcept;
  void clear() noexcept;
  int fd() const { return fd_.get(); }
  // Until signalled or the deadline passes; leaves the signal standing.
  void wait(Deadline deadline) const noexcept;

 private:
  UniqueFd fd_;
};

}  // namespace postern
