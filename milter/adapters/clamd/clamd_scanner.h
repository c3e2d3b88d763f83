// Purpose:   ClamAV's clamd, asked whether a message carries a virus.
// Ownership: one connection per message; clamd closes it after its answer.
// Threading: scan() from many threads at once; clamd's own MaxThreads and MaxQueue bound how many it
//            serves.
// Failure:   temporary Errors only: no connection, a deadline, an answer that ends in ERROR, is cut
//            off, too long (4 KiB) or not clamd's. A message over clamd's StreamMaxLength is one of
//            them, and says so. Texts name the engine.
// Source:    clamd(8): zINSTREAM; answers "stream: OK", "stream: Eicar-Signature FOUND".
#pragma once

#include <string>
#include <string_view>

#include "adapters/net/stream.h"
#include "ports/virus_scanner.h"

namespace postern::clamd {

struct ClamdConfig {
  net::Endpoint endpoint;  // unix:/run/clamav/clamd.ctl, 127.0.0.1:3310
  Milliseconds timeout = std::chrono::seconds(30);
};

// clamd's answer without its final NUL. The virus' name, printable and cut; empty: none.
Result<std::string> parse_answer(std::string_view answer);

class ClamdScanner final : public ports::VirusScanner {
 public:
  explicit ClamdScanner(ClamdConfig config);

  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override { return config_.timeout; }
  Result<std::string> scan(const mail::Message& message, Deadline deadline) override;

 private:
  Result<std::string> ask(const mail::Message& message, Deadline deadline) const;

  ClamdConfig config_;
  std::string name_;
};

}  // namespace postern::clamd
