// Purpose:   asks the scanners about one message, side by side, each within its own deadline.
// Ownership: borrows everything for the call; nothing outlives it.
// Threading: scanners that go outside run in threads of their own; the caller waits and keeps the
//            MTA patient with progress().
// Failure:   a scanner that is away, slow or babbling makes the finding Unavailable.
#pragma once

#include <functional>
#include <future>
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

// One round of questions: those who are outside are asked at once, the answers are taken by finish().
class Scan {
 public:
  // Local scanners are always read; the others only if `score_is_needed`.
  Scan(const std::vector<std::shared_ptr<ports::Scanner>>& scanners, const ports::ScanInput& input,
       bool score_is_needed);
  ScanFindings finish(const std::function<void()>& progress);

 private:
  struct Question {
    ports::Scanner& scanner;
    std::future<Result<ports::ScanResult>> answer;
  };
  const std::vector<std::shared_ptr<ports::Scanner>>& scanners_;
  const ports::ScanInput& input_;
  std::vector<Question> questions_;
};

}  // namespace postern::session
