// Purpose:   DMARC: what the author's domain asks for, and whether this message is its own.
// Ownership: values.
// Threading: pure functions.
// Failure:   a record that cannot be used is permerror, several are none; a temporary failure of
//            what could have passed is temperror. None of these is ever a fail.
// Source:    RFC 7489 (6.3 the record, 6.6.2 and 6.6.3 discovery, 3.1 alignment, 6.6.4 pct).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "decide/authentication.h"

namespace postern::decide {

struct DmarcRecord {
  DmarcPolicy policy = DmarcPolicy::none;       // p
  std::optional<DmarcPolicy> subdomain_policy;  // sp
  bool strict_dkim = false;                     // adkim=s
  bool strict_spf = false;                      // aspf=s
  unsigned percent = 100;                       // pct
};

// Whether the text says that it is a DMARC record: "v=DMARC1" stands first. Others at the same name
// do not count.
bool is_dmarc_record(std::string_view text);

// Nothing: no usable policy. Unknown tags and broken optional ones are passed over; with a broken p
// or sp, a record that asks for reports is one that asks for nothing else.
std::optional<DmarcRecord> parse_dmarc_record(std::string_view text);

// What was found in the DNS (session/dmarc_lookup.h).
struct DmarcPublication {
  std::string organizational_domain;  // of the header From
  std::string found_at;               // the header From's domain or the organizational one
  std::vector<std::string> records;   // those for which is_dmarc_record holds
};

// `from_domain`: of the one header From address, an A-label. `sample`: 0..99, the same for the same
// message; a policy with pct=20 takes effect where it is below 20.
DmarcVerdict evaluate_dmarc(const std::string& from_domain, const DmarcPublication& published,
                            const SpfVerdict& spf, const DkimVerdict& dkim, unsigned sample);

// The record could not be fetched.
DmarcVerdict dmarc_temperror(std::string from_domain, std::string problem);

// For the sender rules: a pass for a domain with the same owner (relaxed alignment).
bool spf_aligned(const SpfVerdict& verdict, const std::string& domain);
bool dkim_aligned(const DkimVerdict& verdict, const std::string& domain);

}  // namespace postern::decide
