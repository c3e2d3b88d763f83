// Purpose:   which DKIM signatures a message carries and whether they hold.
// Ownership: borrows the message for the call.
// Threading: verify() is called from many threads at once.
// Failure:   a temporary Error only if nothing at all could be told (no memory, the library failed);
//            a key that cannot be fetched is that signature's temperror.
// Source:    RFC 6376, RFC 8463.
#pragma once

#include "base/deadline.h"
#include "base/result.h"
#include "decide/authentication.h"
#include "mail/message.h"

namespace postern::ports {

class DkimVerifier {
 public:
  DkimVerifier() = default;
  DkimVerifier(const DkimVerifier&) = delete;
  DkimVerifier& operator=(const DkimVerifier&) = delete;
  virtual ~DkimVerifier() = default;

  virtual Result<decide::DkimVerdict> verify(const mail::Message& message, Deadline deadline) = 0;
};

}  // namespace postern::ports
