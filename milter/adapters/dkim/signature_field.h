// Purpose:   the text of a DKIM-Signature field: its tags in order, folded.
// Ownership: values.
// Threading: pure functions.
// Units:     folds are LF + HTAB; lines have at most 78 octets unless one name alone is longer.
// Source:    RFC 6376 3.5. White space may stand around the colons of h= and inside base64.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::dkim {

inline constexpr std::string_view kSignatureField = "DKIM-Signature";

struct SignatureTags {
  std::string algorithm;                  // a=: "rsa-sha256"
  std::string canonicalization;           // c=: "relaxed/simple"
  std::string domain;                     // d=
  std::string selector;                   // s=
  std::int64_t time = 0;                  // t=: seconds since 1970
  std::string body_hash;                  // bh=
  std::vector<std::string> header_names;  // h=
};

// The field's value, with its leading space and with "b=" empty and last: the form that is signed.
std::string unsigned_value(const SignatureTags& tags);
// The same with the signature in it. `signature` is base64.
std::string signed_value(const std::string& unsigned_value, std::string_view signature);

}  // namespace postern::dkim
