// Purpose:   what was found out about one message, once, for all its recipients.
// Ownership: a value.
// Threading: filled by the gatherer, immutable afterwards.
// Failure:   "could not be told" is a value of its own, never a missing one, and each has its
//            consequence (a setting says which).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "policy/documents.h"

namespace postern::decide {

using policy::MilliScore;

// No accepted recipient's policy could be moved by it, so nobody looked.
struct NotNeeded {};
// Asked, and not told in time or not at all.
struct Unavailable {
  std::string why;
};
template <typename T>
using Finding = std::variant<NotNeeded, Unavailable, T>;

struct SpamVerdict {
  MilliScore score = 0;  // the highest, each multiplied by its scanner's scale
  bool advert = false;   // a scanner calls it advertising
  std::string scanner;   // which one gave the highest score
};

struct VirusVerdict {
  std::string name;  // empty: none found
};

// Whether the envelope sender can exist.
struct SenderStanding {
  enum class Verdict { exists, does_not_exist, unknown };
  Verdict verdict = Verdict::unknown;
  std::string why;  // "MX of example.org answered 550 5.1.1", "no MX and no address"
};

struct Evidence {
  std::uint64_t size = 0;                    // octets, as received
  Finding<SpamVerdict> spam = NotNeeded{};   // of the scanners that answered
  std::optional<Unavailable> scanner_fault;  // one was needed and did not
  Finding<VirusVerdict> virus = NotNeeded{};
  std::vector<std::string> bulk_marks;  // from the headers; empty: none
};

}  // namespace postern::decide
