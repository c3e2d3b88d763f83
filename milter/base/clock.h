// Purpose:   the only source of "what time is it", so that tests can set it.
// Ownership: borrowed by whoever needs it; outlives them (main.cc or the test owns it).
// Threading: all members are safe to call from any thread.
// Units:     wall() is UTC civil time for records and expiries; steady() is for measuring and
//            deadlines.
#pragma once

#include <chrono>
#include <string>

namespace postern {

using WallTime = std::chrono::system_clock::time_point;
using SteadyTime = std::chrono::steady_clock::time_point;
using Milliseconds = std::chrono::milliseconds;

class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override { return std::chrono::system_clock::now(); }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

// "2026-05-25T15:39:03Z": RFC 3339, whole seconds, UTC.
std::string to_rfc3339(WallTime time);
// "Mon, 25 May 2026 15:39:03 +0000": RFC 5322 3.3, UTC, in no locale's words.
std::string to_rfc5322_date(WallTime time);

}  // namespace postern
