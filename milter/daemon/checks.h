// Purpose:   everything that is asked about a message and its sender, as the settings want it: DNS,
//            SPF, DKIM, sender verification, the virus scanner, how much was sent, who hears of newcomers, and
//            whether DNS still says what verified names need.
// Ownership: owns all of it, in the order in which it depends on each other.
// Threading: make, lend, start and stop on the main thread.
// Failure:   make() answers an Error naming the setting.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "session/services.h"
#include "settings/settings.h"

namespace postern::daemon {

class Checks {
 public:
  static Result<std::unique_ptr<Checks>> make(const settings::Settings& settings,
                                              const Clock& clock);
  ~Checks();
  Checks(const Checks&) = delete;
  Checks& operator=(const Checks&) = delete;

  // Before start(): lets the names in these documents be looked for in DNS, in the background.
  void watch(const Published<policy::Snapshot>& snapshot);
  void lend(session::Services& services);
  void start();
  // Ends what is being asked. The servers have stopped.
  void stop();

 private:
  struct Parts;
  explicit Checks(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace postern::daemon
