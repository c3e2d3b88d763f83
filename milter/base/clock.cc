#include "base/clock.h"

#include <ctime>

namespace postern {

std::string to_rfc3339(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm civil{};
  gmtime_r(&seconds, &civil);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &civil);
  return std::string(text, length);
}

}  // namespace postern
