// A clock that is set: time passes when the test says so.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace postern::test {

class ManualClock final : public Clock {
 public:
  WallTime wall() const override {
    return std::chrono::sys_days(std::chrono::year(2026) / 3 / 1) + Milliseconds(passed_);
  }
  SteadyTime steady() const override { return SteadyTime{} + Milliseconds(passed_); }
  void advance(Milliseconds by) { passed_ += by.count(); }

 private:
  std::atomic<Milliseconds::rep> passed_ = 0;
};

}  // namespace postern::test
