// Purpose:   one thing that is wrong with a configuration file, as one line for its author.
// Ownership: a value.
#pragma once

#include <string>

namespace postern::settings {

struct Fault {
  std::string file;
  unsigned line = 0;  // 0: of no line in particular
  std::string key;    // "spam.scanners[1].timeout"; empty: of no key in particular
  std::string what;   // never holds a secret

  // "FILE:LINE: key: what is wrong"
  std::string to_string() const;
};

}  // namespace postern::settings
