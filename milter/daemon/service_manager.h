// Purpose:   tells systemd how the daemon is: ready, reloading, stopping, alive.
// Threading: safe from any thread.
// Failure:   without a service manager nothing is said and nothing is wrong.
// Source:    sd_notify(3), sd_watchdog_enabled(3).
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"

namespace postern::daemon {

void tell_service_manager(const std::string& state);
// How often "WATCHDOG=1" is expected, halved for safety; nothing: no watchdog.
std::optional<Milliseconds> watchdog_interval();

}  // namespace postern::daemon
