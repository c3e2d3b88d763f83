// tests/fixtures/dns/zone.yml, read.
#pragma once

#include <string>

#include "support/dns_zone.h"

namespace postern::test {

// Throws for what is not understood.
DnsZone read_zone(const std::string& path);

}  // namespace postern::test
