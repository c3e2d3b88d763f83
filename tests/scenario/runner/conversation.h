// One scenario said to the session room: as the daemon would hear it, or as one who asks why.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenario/runner/scenario.h"
#include "session/explained.h"
#include "session/session.h"
#include "support/recording_editor.h"

namespace postern::test {

struct Played {
  std::string mail;               // "250", "550 5.7.1 text"
  std::vector<std::string> rcpt;  // as many as recipients, or none
  std::optional<std::string> end;
  bool goes_on = false;                     // the MTA delivers what the editor holds
  std::unique_ptr<RecordingEditor> editor;  // nullptr: the end of message was not reached

  bool any_accepted() const;
};

// `explained`: nullptr for the daemon's way.
Played play(const Scenario& scenario, const std::vector<mail::HeaderField>& headers,
            session::Services& services, session::Explained* explained);

}  // namespace postern::test
