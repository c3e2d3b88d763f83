// Purpose:   the RFC 7208 test suite of openspf.org, as Debian's python3-spf carries it.
// Ownership: values.
// Failure:   throws where the suite is not installed or cannot be read.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "decide/authentication.h"
#include "support/dns_zone.h"

namespace postern::test {

struct SpfCase {
  std::string name;
  std::string client;
  std::string helo;
  std::string mail_from;
  std::set<std::string> accepted;  // "pass", …: where the RFC leaves it open there are several
};

struct SpfScenario {
  std::string description;
  DnsZone zone;
  std::vector<SpfCase> cases;
};

std::vector<SpfScenario> load_spf_suite();

}  // namespace postern::test
