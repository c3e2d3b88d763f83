// Purpose:   whether a platform takes mail for an address: asked of the platform itself, without
//            sending anything.
// Ownership: borrows the platform for the call.
// Threading: probe() is called from many threads at once; stop() from any.
// Failure:   what could not be told is Verdict::unknown, with the reason.
// Source:    RFC 5321; Domain.autoProvisioningOn.
#pragma once

#include <string>

#include "base/deadline.h"
#include "mail/address.h"
#include "policy/documents.h"

namespace postern::ports {

struct RecipientStanding {
  enum class Verdict { exists, does_not_exist, unknown };
  Verdict verdict = Verdict::unknown;
  std::string why;  // printable, one line
};

class RecipientProbe {
 public:
  RecipientProbe() = default;
  RecipientProbe(const RecipientProbe&) = delete;
  RecipientProbe& operator=(const RecipientProbe&) = delete;
  virtual ~RecipientProbe() = default;

  virtual RecipientStanding probe(const mail::Address& recipient, const policy::Platform& platform,
                                  Deadline deadline) = 0;
  // Ends the probes that are running, and every later one at once, with unknown.
  virtual void stop() = 0;
};

}  // namespace postern::ports
