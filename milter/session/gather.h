// Purpose:   asks the scanners about one message, side by side, each within its own deadline.
// Ownership: borrows everything for the call; nothing outlives it.
// Threading: scanners that go outside run in threads of their own; the caller waits and keeps the
//            MTA patient with progress().
// Failure:   a scanner that is away, slow or babbling makes the finding Unavailable.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "decide/evidence.h"
#include "ports/scanner.h"

namespace postern::session {

struct ScanFindings {
  decide::Finding<decide::SpamVerdict> spam = decide::NotNeeded{};
  decide::Finding<decide::VirusVerdict> virus = decide::NotNeeded{};
  std::optional<decide::Unavailable> fault;  // the first scanner that did not answer
};

// Local scanners are always read; the others only if `score_is_needed`.
ScanFindings scan(const std::vector<std::unique_ptr<ports::Scanner>>& scanners,
                  const ports::ScanInput& input, bool score_is_needed,
                  const std::function<void()>& progress);

}  // namespace postern::session
