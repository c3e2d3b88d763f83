// Purpose:   DKIM verification with libopendkim.
// Ownership: borrows the resolver and the clock; owns a pool of library instances.
// Threading: verify() from many threads at once; each takes an instance of its own.
// Units:     at most ten signatures of a message are looked at, from the top. Their keys together take
//            at most half of the time, each its own share, those of the author's domain first.
// Failure:   a temporary Error only without memory for the library. A key that the DNS does not hand
//            out, and a deadline that passes, are temperror of that signature.
// Source:    RFC 6376, RFC 8463, RFC 8301, RFC 8601 2.7.1. What each result stands for here:
//              pass       it holds, over the whole body
//              fail       it does not hold; body or header were altered
//              policy     it might hold, and we do not accept it: l= leaves some of the body
//                         unsigned, an RSA key under 1024 bits, SHA-1, expired, from the future
//              neutral    it cannot be read, or the body has bare CR or LF; a failure with a key
//                         that is marked as testing (t=y), which counts as no signature
//              temperror  the key could not be fetched, or no time was left
//              permerror  no usable key: none, several, revoked, of another kind, broken; or From is
//                         not there or not signed
#pragma once

#include "adapters/opendkim/library.h"
#include "base/clock.h"
#include "ports/dkim_verifier.h"
#include "ports/resolver.h"

namespace postern::opendkim {

class Verifier final : public ports::DkimVerifier {
 public:
  Verifier(ports::Resolver& resolver, const Clock& clock) : resolver_(resolver), clock_(clock) {}

  Result<decide::DkimVerdict> verify(const mail::Message& message, Deadline deadline) override;

 private:
  ports::Resolver& resolver_;
  const Clock& clock_;
  LibraryPool libraries_;
};

}  // namespace postern::opendkim
