// Purpose:   DKIM signatures over a message in the form in which it will be sent.
// Threading: sign() is called from many threads at once.
// Failure:   temporary: the library failed; nothing was signed. Permanent: this message cannot be signed
//            whatever is done. Errors never hold key material.
// Source:    RFC 6376, RFC 8463 (Ed25519).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "mail/message.h"
#include "policy/documents.h"

namespace postern::ports {

class Signer {
 public:
  Signer() = default;
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  virtual ~Signer() = default;

  // One value for a DKIM-Signature field per key, in the order of the keys, folded with LF + HTAB
  // and with a leading space, ready to be inserted on top. `message` must already have lines of at
  // most 998 octets.
  virtual Result<std::vector<std::string>> sign(
      const mail::Message& message, const std::string& domain,
      const std::vector<const policy::DkimKey*>& keys) = 0;
};

}  // namespace postern::ports
