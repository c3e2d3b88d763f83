#include "daemon/service_manager.h"

#include <systemd/sd-daemon.h>

namespace postern::daemon {

void tell_service_manager(const std::string& state) { sd_notify(0, state.c_str()); }

std::optional<Milliseconds> watchdog_interval() {
  std::uint64_t microseconds = 0;
  if (sd_watchdog_enabled(0, &microseconds) <= 0 || microseconds == 0) return std::nullopt;
  return Milliseconds(microseconds / 2000);
}

}  // namespace postern::daemon
