// A clock that is set: time passes when the test says so.
#pragma once

#include "base/clock.h"

namespace postern::test {

class ManualClock final : public Clock {
 public:
  WallTime wall() const override { return wall_; }
  SteadyTime steady() const override { return steady_; }
  void advance(Milliseconds by) {
    wall_ += by;
    steady_ += by;
  }

 private:
  WallTime wall_ = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);
  SteadyTime steady_{};
};

}  // namespace postern::test
