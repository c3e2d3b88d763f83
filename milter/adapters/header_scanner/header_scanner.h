// Purpose:   the verdict an earlier filter left in the message's header fields.
// Ownership: owns its configuration.
// Threading: immutable after construction.
// Failure:   a field of a trusted client that cannot be read is a temporary Error naming the field;
//            so is a missing score where one is required. Fields of other clients are not looked
//            at: anybody can write them.
// Units:     scores in thousandths, multiplied by the scale.
#pragma once

#include <string>
#include <vector>

#include "base/ip.h"
#include "ports/scanner.h"

namespace postern::scan {

struct HeaderScannerConfig {
  std::string score = "X-Spam-Score";    // a number; empty: not looked for
  std::string advert = "X-Spam-Advert";  // yes, no, true, false, 1, 0; empty: not looked for
  std::string virus = "X-Virus-Name";    // a name; empty: not looked for
  std::vector<IpNetwork> trust;          // clients whose fields are believed
  double scale = 1.0;
  bool required = false;  // no score from a trusted client: unavailable instead of 0
};

class HeaderScanner final : public ports::Scanner {
 public:
  explicit HeaderScanner(HeaderScannerConfig config);

  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override;
  // A virus that an earlier filter found is one, also where nobody needs the score.
  bool is_local() const override { return true; }
  // Several scores: the highest. Several adverts: any yes. Several viruses: the first that names
  // one.
  Result<ports::ScanResult> scan(const ports::ScanInput& input, Deadline deadline) override;

 private:
  bool is_trusted(const std::optional<IpAddress>& client) const;

  HeaderScannerConfig config_;
  std::string name_;
};

}  // namespace postern::scan
