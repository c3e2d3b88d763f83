// Purpose:   can a mail server be talked to as a platform says it is: connect, greeting, EHLO, TLS as the
//            transport type demands, NOOP, QUIT.
// Ownership: values.
// Threading: check_hop() from many threads at once.
// Failure:   `reachable: false` with what went wrong as the last line of `output`.
// Source:    docs/control.md, "health". libcurl speaks SMTP and both kinds of TLS; certificates are not
//            verified, as Postfix's levels may and encrypt do not.
#pragma once

#include <string>
#include <vector>

#include "base/deadline.h"
#include "policy/documents.h"

namespace postern::smtp {

struct HopHealth {
  bool reachable = false;
  std::vector<std::string> output;  // for people, in order
};

HopHealth check_hop(const policy::Hop& hop, const std::string& helo_name, Deadline deadline);

}  // namespace postern::smtp
