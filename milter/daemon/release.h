// Purpose:   gives stored mail back: the original, untagged and unfiltered, through the submit listener.
// Threading: safe from any thread.
// Failure:   nothing is released half: what failed is named, and may be asked for again.
// Source:    docs/operating.md, "Releasing mail".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ports/submitter.h"
#include "ports/vault.h"

namespace postern::daemon {

struct ReleaseRequest {
  std::string id;
  std::optional<std::string> recipient;  // nothing: every recipient of this message
  bool virus_lover = false;              // asks for an infected message; wrong for one that is not
  std::string who;                       // for the record
};

enum class ReleaseResult { released, already_released };
struct ReleasedRow {
  std::string recipient;
  ReleaseResult result;
  std::string answer;  // the MTA's
};

Result<std::vector<ReleasedRow>> release(ports::Vault& vault, ports::Submitter* submitter,
                                         const Clock& clock, Milliseconds timeout,
                                         const ReleaseRequest& request);

}  // namespace postern::daemon
