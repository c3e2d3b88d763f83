// Purpose:   whether a message carries a virus.
// Ownership: borrows the message for the call; the scanner owns its connections.
// Threading: scan() is called from many threads at once.
// Failure:   a temporary Error for a scanner that is away, slow, or talks nonsense. Never a clean
//            verdict.
#pragma once

#include <string>

#include "base/deadline.h"
#include "base/result.h"
#include "mail/message.h"

namespace postern::ports {

class VirusScanner {
 public:
  VirusScanner() = default;
  VirusScanner(const VirusScanner&) = delete;
  VirusScanner& operator=(const VirusScanner&) = delete;
  virtual ~VirusScanner() = default;

  // As the configuration and the metrics name it: "clamd /run/clamav/clamd.ctl".
  virtual const std::string& name() const = 0;
  virtual Milliseconds timeout() const = 0;
  // The virus' name; empty: none found.
  virtual Result<std::string> scan(const mail::Message& message, Deadline deadline) = 0;
};

}  // namespace postern::ports
