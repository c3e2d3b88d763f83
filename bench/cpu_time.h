// Purpose:   the CPU time that this process has used: what a measurement on a shared machine can trust.
// Units:     seconds.
#pragma once

#include <ctime>

namespace postern::bench {

inline double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace postern::bench
