// Purpose:   what was found out about who a message is from: SPF, DKIM and DMARC.
// Ownership: values.
// Failure:   "could not be told" is a result of its own (temperror), never taken for pass or fail.
// Source:    RFC 7208 2.6 (SPF results), RFC 8601 2.7 (DKIM results), RFC 7489 (DMARC).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::decide {

enum class SpfResult { none, neutral, pass, fail, softfail, temperror, permerror };
std::string_view to_string(SpfResult result);

struct SpfVerdict {
  SpfResult result = SpfResult::none;
  std::string domain;     // the one checked, an A-label; empty: there was none to check
  bool by_helo = false;   // the null sender: postmaster@HELO was checked instead
  std::string mechanism;  // the term that matched, for people; may be empty
  std::string problem;    // with temperror and permerror: what went wrong
};

enum class DkimResult { pass, fail, neutral, policy, temperror, permerror };
std::string_view to_string(DkimResult result);

struct DkimSignature {
  DkimResult result = DkimResult::neutral;
  std::string domain;    // d=, an A-label
  std::string selector;  // s=
  std::string algorithm;
  std::string problem;  // with anything but pass
};
// No signature at all: empty.
struct DkimVerdict {
  std::vector<DkimSignature> signatures;
};

enum class DmarcResult { none, pass, fail, temperror, permerror };
std::string_view to_string(DmarcResult result);
enum class DmarcPolicy { none, quarantine, reject };
std::string_view to_string(DmarcPolicy policy);

struct DmarcVerdict {
  DmarcResult result = DmarcResult::none;
  DmarcPolicy policy = DmarcPolicy::none;  // what the author's domain asks for, pct and sp applied
  DmarcPolicy published = DmarcPolicy::none;  // the same before pct
  std::string domain;                         // of the header From
  std::string problem;
};

}  // namespace postern::decide
