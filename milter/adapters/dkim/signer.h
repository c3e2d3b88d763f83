// Purpose:   DKIM signatures with RSA-SHA256 and Ed25519-SHA256.
// Ownership: owns a cache of parsed keys; the clock is borrowed.
// Threading: sign() from many threads at once; they share the parsed keys and nothing else.
// Failure:   temporary: a key cannot be used or the crypto library fails. Permanent: the message
//            cannot be signed whatever is done (no From field, or more than 500 fields to sign).
//            Texts never hold key material.
// Source:    RFC 6376, RFC 8463. The canonical forms and the field are written here and the rest is
//            OpenSSL's, because Debian's libopendkim leaks every Ed25519 key it signs with and
//            parses the PEM again for every message; it serves as a second opinion in the tests.
#pragma once

#include <string>
#include <vector>

#include "adapters/dkim/canonical.h"
#include "adapters/dkim/key_cache.h"
#include "base/clock.h"
#include "ports/signer.h"

namespace postern::dkim {

// What a reader sees or a program acts upon (RFC 6376 5.4.1), and the marks of mailing lists.
std::vector<std::string> default_sign_headers();

struct SignerOptions {
  Canonicalization header_canonicalization = Canonicalization::relaxed;
  Canonicalization body_canonicalization = Canonicalization::relaxed;
  // Signed once more than they are there, so that nobody can add one. Names of header fields, as
  // are the next; From is always signed.
  std::vector<std::string> oversign = {"From"};
  std::vector<std::string> sign_headers = default_sign_headers();
};

class Signer final : public ports::Signer {
 public:
  Signer(const SignerOptions& options, const Clock& clock);

  // All instances of a field are signed, the lowest first. `message` must be as it will be sent: no
  // line over 998 octets (mail/line_length.h), no field to sign added or changed later.
  Result<std::vector<std::string>> sign(const mail::Message& message, const std::string& domain,
                                        const std::vector<const policy::DkimKey*>& keys) override;

 private:
  struct Name {
    std::string text;
    bool oversigned = false;
  };
  struct Selection {
    std::vector<std::string> names;  // for h=
    std::string canonical;           // the fields in that order, a CRLF after each
  };
  Result<Selection> select(const mail::Message& message) const;

  Canonicalization header_canonicalization_;
  Canonicalization body_canonicalization_;
  std::vector<Name> names_;
  const Clock& clock_;
  SigningKeyCache keys_;
};

}  // namespace postern::dkim
