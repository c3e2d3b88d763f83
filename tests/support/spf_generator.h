// Purpose:   zones of SPF records that nobody would write, made from a seed: ordinary ones, wrong
//            ones and hostile ones.
// Ownership: values.
// Threading: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ports/spf_checker.h"
#include "support/dns_zone.h"

namespace postern::test {

struct GeneratedSpf {
  DnsZone zone;
  ports::SpfInput input;
};

GeneratedSpf generate_spf(std::uint32_t seed);

// Records made to break an evaluator, each the sender's own, and what RFC 7208 makes of them.
struct HostileSpf {
  std::string name;
  std::string result;
  GeneratedSpf question;
};
std::vector<HostileSpf> hostile_spf();

}  // namespace postern::test
