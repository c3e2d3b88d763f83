// Purpose:   times as the index stores them: milliseconds since 1970, UTC.
// Threading: pure functions.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace postern::vault {

inline std::int64_t to_stored(WallTime time) {
  return std::chrono::floor<Milliseconds>(time.time_since_epoch()).count();
}
inline WallTime from_stored(std::int64_t milliseconds) {
  return WallTime(Milliseconds(milliseconds));
}

}  // namespace postern::vault
