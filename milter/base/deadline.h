// Purpose:   "until when", handed down through every call that waits for the outside.
// Ownership: a value.
// Threading: like any value.
// Units:     milliseconds on the steady clock.
#pragma once

#include <algorithm>
#include <chrono>

#include "base/clock.h"

namespace postern {

class Deadline {
 public:
  static Deadline after(Milliseconds span) {
    return Deadline(std::chrono::steady_clock::now() + span);
  }
  explicit Deadline(SteadyTime at) : at_(at) {}

  bool passed() const { return std::chrono::steady_clock::now() >= at_; }
  // Never negative. Rounded up, so that a caller who waits this long has really passed it.
  Milliseconds remaining() const {
    const auto left = at_ - std::chrono::steady_clock::now();
    return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(left));
  }
  // For poll(2): milliseconds, never -1 (which would mean "for ever").
  int poll_timeout() const {
    return static_cast<int>(std::min<long long>(remaining().count(), 1'000'000));
  }
  Deadline sooner_of(Deadline other) const { return at_ <= other.at_ ? *this : other; }
  SteadyTime at() const { return at_; }

 private:
  SteadyTime at_;
};

}  // namespace postern
