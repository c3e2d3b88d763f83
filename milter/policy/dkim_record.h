// Purpose:   a DKIM key's record in the DNS: how it is written, and whether what stands there fits.
// Threading: pure functions.
// Source:    RFC 6376 3.6.1, RFC 8463; RFC 1035 3.3 (a string has at most 255 octets); HealthRecord's
//            results OK, ERROR, ERROR_DKIM_MISSING_ENTRY and ERROR_DKIM_INVALID_COUPLE.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/documents.h"

namespace postern::policy {

// "protect._domainkey.example.com"
std::string dkim_record_name(std::string_view selector, std::string_view domain);
// "v=DKIM1; p=…", with k= where the key is not RSA. What is published says the state of no key.
std::string dkim_record_text(const DkimKey& key);
// One line of a zone file; a long text in several strings, which a resolver joins again.
std::string dkim_zone_line(const std::string& name, std::string_view text);

enum class DkimHealth { ok, error, missing_entry, invalid_couple };
std::string_view to_string(DkimHealth health);

struct DkimRecordVerdict {
  DkimHealth health = DkimHealth::ok;
  std::string problem;  // with anything but ok
};
// `texts`: the TXT records at the key's name, each joined; texts that are no key are passed over.
DkimRecordVerdict judge_dkim_record(const DkimKey& key, const std::vector<std::string>& texts);

}  // namespace postern::policy
