// Purpose:   whether the envelope sender can exist: its domain takes mail (dns), or its own server
//            says so (callout).
// Ownership: the verifier owns its cache and its probes.
// Threading: verify() is called from many threads at once.
// Failure:   what could not be told is SenderStanding::unknown, with the reason, and has its own
//            consequence (such mail is accepted).
// Source:    docs/semantics.md, "Sender verify"; Domain.senderVerifyOn, User.senderVerifyOn.
#pragma once

#include <string>

#include "base/deadline.h"
#include "decide/evidence.h"
#include "mail/address.h"

namespace postern::ports {

class SenderVerifier {
 public:
  SenderVerifier() = default;
  SenderVerifier(const SenderVerifier&) = delete;
  SenderVerifier& operator=(const SenderVerifier&) = delete;
  virtual ~SenderVerifier() = default;

  virtual decide::SenderStanding verify(const mail::Address& sender, Deadline deadline) = 0;
};

}  // namespace postern::ports
