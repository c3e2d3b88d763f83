// Purpose:   rspamd, asked over HTTP for its score and for what URI DNSBLs gave to it.
// Ownership: owns its HTTP client, whose connections stay open between messages.
// Threading: scan() from many threads at once.
// Failure:   temporary Errors only: no connection, a deadline, another status than 200, an answer
//            over 1 MiB, no JSON, no score, an error of rspamd's, a skipped message. Texts name the
//            engine.
// Units:     scores in thousandths, multiplied by the scale.
// Source:    rspamd's protocol documentation, /checkv2.
#pragma once

#include <string>
#include <vector>

#include "adapters/rspamd/http_client.h"
#include "ports/scanner.h"

namespace postern::rspamd {

struct RspamdConfig {
  std::string url = "http://127.0.0.1:11333";  // http or https; "/checkv2" is added
  Milliseconds timeout = std::chrono::seconds(15);
  double scale = 1.0;
};

// What rspamd is told about the transaction, a line each: From, Rcpt (several), IP, Helo, Hostname,
// User, Queue-Id. Values are freed of control characters and bounded; recipients after the first
// 32 KiB of them are left out, because an HTTP header block is bounded too.
std::vector<std::string> request_headers(const ports::ScanInput& input);

class RspamdScanner final : public ports::Scanner {
 public:
  explicit RspamdScanner(RspamdConfig config);

  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override { return config_.timeout; }
  // Bulk mail is told by the message's own marks, not by rspamd: advert is always false.
  Result<ports::ScanResult> scan(const ports::ScanInput& input, Deadline deadline) override;

 private:
  RspamdConfig config_;
  std::string name_;
  HttpClient http_;
};

}  // namespace postern::rspamd
