// Purpose:   one spam engine (or the header an earlier filter left), asked about one message.
// Ownership: an adapter owns its connections; the input is borrowed for the call.
// Threading: scan() is called from many threads at once.
// Failure:   a temporary Error for a scanner that is away, slow, or talks nonsense. Never a clean
//            verdict.
// Units:     scores in thousandths, already multiplied by the scanner's scale.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/ip.h"
#include "base/result.h"
#include "decide/evidence.h"
#include "mail/envelope.h"
#include "mail/message.h"
#include "policy/documents.h"

namespace postern::ports {

struct ScanInput {
  const mail::Message& message;
  const mail::Sender& sender;
  const std::vector<mail::Recipient>& recipients;
  std::optional<IpAddress> client;
  std::string_view helo;
  std::string_view client_name;  // host name as the MTA verified it, or empty
  std::string_view sasl_user;    // empty: not authenticated
  std::string_view queue_id;
};

struct ScanResult {
  policy::MilliScore score = 0;
  bool advert = false;
  std::string virus = {};  // a virus name, or empty
  // The part of the score that URI DNSBLs gave, for the domains that count it otherwise.
  std::vector<decide::UriHit> uri_hits = {};
};

class Scanner {
 public:
  Scanner() = default;
  Scanner(const Scanner&) = delete;
  Scanner& operator=(const Scanner&) = delete;
  virtual ~Scanner() = default;

  // As the configuration and the metrics name it: "spamd 127.0.0.1:783".
  virtual const std::string& name() const = 0;
  virtual Milliseconds timeout() const = 0;
  // Reads what is already at hand: asked for every message, and never in a thread of its own.
  virtual bool is_local() const { return false; }
  virtual Result<ScanResult> scan(const ScanInput& input, Deadline deadline) = 0;
};

}  // namespace postern::ports
