#include "ctl/replay_scanners.h"

#include <utility>

namespace postern::ctl {

KnownVerdict::KnownVerdict(policy::MilliScore score, std::string virus)
    : result_{score, false, std::move(virus), {}} {}

Result<ports::ScanResult> KnownVerdict::scan(const ports::ScanInput& /*input*/,
                                             Deadline /*deadline*/) {
  return result_;
}

Result<ports::ScanResult> AskedOnce::scan(const ports::ScanInput& input, Deadline deadline) {
  if (!told_) told_ = scanner_->scan(input, deadline);
  return *told_;
}

Result<std::string> VirusAskedOnce::scan(const mail::Message& message, Deadline deadline) {
  if (!told_) told_ = scanner_.scan(message, deadline);
  return *told_;
}

}  // namespace postern::ctl
