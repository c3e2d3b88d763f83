// Purpose:   the many ways a DKIM key is written -> the one way we keep it.
// Ownership: values; every buffer that held a private key is wiped.
// Threading: pure functions.
// Failure:   an Error that says what is wrong with the key and never quotes it.
// Source:    RFC 5958 and 8017 (PKCS#8, PKCS#1), RFC 8032 and 8410 (Ed25519), RFC 6376 3.6.1 and
// RFC 8463
//            (what stands in DNS).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"
#include "policy/documents.h"

namespace postern::policy {

struct KeyMaterial {
  DkimAlgorithm algorithm = DkimAlgorithm::rsa;
  unsigned bits = 0;
  Secret private_key_pem;  // PKCS#8
  std::string public_key;  // base64 SPKI (RSA), base64 raw (Ed25519): what p= holds in DNS
};

// PEM (PKCS#8 or PKCS#1), or bare base64 of the DER of either, or of an Ed25519 seed; line breaks
// as they come, also as the two characters \n.
Result<KeyMaterial> read_private_key(std::string_view text);

// The public_key form of: PEM, bare base64 (SPKI, PKCS#1, a raw Ed25519 key), or a DNS record
// "v=DKIM1; k=...; p=...".
struct PublicKey {
  DkimAlgorithm algorithm = DkimAlgorithm::rsa;
  std::string public_key;
};
Result<PublicKey> read_public_key(std::string_view text);

}  // namespace postern::policy
