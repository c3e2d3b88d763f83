// Purpose:   reads a DKIM-Signature field and decides whether it is worth a look at the key.
// Ownership: values.
// Threading: pure functions.
// Failure:   a refused signature is a verdict: neutral for what cannot be read, policy for what we
//            do not accept, permerror for what the standard rules out.
// Source:    RFC 6376 3.5 and 6.1.1, RFC 8301 (no SHA-1), RFC 8463, RFC 8601 2.7.1. The field is read
//            here before libopendkim sees it: the library takes the last of two tags of one name,
//            knows an experimental version 2 that reaches into other signatures, and cuts h= at 4,095
//            octets without a word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "decide/authentication.h"

namespace postern::opendkim {

enum class Algorithm { rsa_sha256, ed25519_sha256 };

struct Signature {
  decide::DkimSignature shown;  // domain, selector and algorithm as the verdict names them
  Algorithm algorithm = Algorithm::rsa_sha256;
  std::string key_name;                      // where the key is: s._domainkey.d
  std::vector<std::string> names;            // h=, lower case
  bool relaxed_body = false;                 // c=
  std::optional<std::uint64_t> body_length;  // l=
};

// `now` may be five minutes off.
std::variant<Signature, decide::DkimSignature> read_signature(std::string_view value, WallTime now);

}  // namespace postern::opendkim
