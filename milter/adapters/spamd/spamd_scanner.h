// Purpose:   SpamAssassin's spamd, asked for its score and for what URI DNSBLs gave to it.
// Ownership: one connection per message (spamd closes it after the answer); the clock is borrowed.
// Threading: scan() from many threads at once; spamd's own --max-children bounds how many it
//            serves.
// Failure:   temporary Errors only: no connection, a deadline, an error status, an answer that is
//            cut off, too long (header 64 KiB, report 1 MiB) or not spamd's. Texts name the engine.
// Units:     scores in thousandths, multiplied by the scale. spamd itself tells tenths only.
// Source:    SpamAssassin spamd/PROTOCOL, version 1.5: REPORT, with one line "Spam: True ; 15.0 /
//            5.0" and then the report (report.h).
#pragma once

#include <string>

#include "adapters/net/stream.h"
#include "base/clock.h"
#include "ports/scanner.h"

namespace postern::spamd {

struct SpamdConfig {
  net::Endpoint endpoint;
  std::string user;  // whose preferences spamd uses; empty: its default
  Milliseconds timeout = std::chrono::seconds(15);
  double scale = 1.0;
};

class SpamdScanner final : public ports::Scanner {
 public:
  SpamdScanner(SpamdConfig config, const Clock& clock);

  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override { return config_.timeout; }
  // The engine sees the message with one Received field on top that names the client (received.h).
  // Bulk mail is told by the message's own marks, not by spamd: advert is always false.
  Result<ports::ScanResult> scan(const ports::ScanInput& input, Deadline deadline) override;

 private:
  Result<ports::ScanResult> ask(const std::string& request, Deadline deadline) const;

  SpamdConfig config_;
  const Clock& clock_;
  std::string name_;
};

}  // namespace postern::spamd
