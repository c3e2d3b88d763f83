// Purpose:   reads the published key that a signature names, and decides whether it may be used.
// Ownership: values.
// Threading: pure functions.
// Failure:   a refused key is a verdict: policy for one that is too short, else permerror.
// Source:    RFC 6376 3.6.1 and 6.1.2, RFC 8301 3.2 (no RSA key under 1024 bits), RFC 8463. The key is
//            read here before libopendkim sees it: the library leaks the key when it is of another
//            kind than the signature, and takes a record of any k= for any algorithm.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "adapters/opendkim/signature.h"

namespace postern::opendkim {

struct Key {
  std::string record;       // as the library is to see it: nothing but what it must know
  bool is_testing = false;  // t=y
};
struct RefusedKey {
  decide::DkimResult result;
  std::string problem;
};

// `texts`: what stands at the key's name. Texts that are no key are passed over.
std::variant<Key, RefusedKey> read_key(const std::vector<std::string>& texts, Algorithm algorithm);

}  // namespace postern::opendkim
