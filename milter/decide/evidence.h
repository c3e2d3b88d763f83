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

#include "content/inspect.h"
#include "decide/authentication.h"
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

// Points that a scanner gave for hosts in the message that a blocklist names.
struct UriHit {
  std::string symbol;
  MilliScore points = 0;           // multiplied by the scanner's scale
  std::vector<std::string> hosts;  // lower case; the points stand unless every one is skipped
};

struct SpamVerdict {
  MilliScore score = 0;          // the highest, each multiplied by its scanner's scale
  bool advert = false;           // a scanner calls it advertising
  std::string scanner;           // which one gave the highest score
  std::vector<UriHit> uri_hits;  // what of that score is for hosts
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

using Defects = std::vector<std::string>;

struct Evidence {
  std::uint64_t size = 0;                     // octets, as received
  Finding<SpamVerdict> spam = NotNeeded{};    // of the scanners that answered
  std::optional<Unavailable> scanner_fault;   // one was needed and did not
  Finding<VirusVerdict> virus = NotNeeded{};  // of the virus scanner or of an earlier filter
  std::optional<Unavailable> virus_fault;     // the virus scanner was needed and did not answer
  std::vector<std::string> bulk_marks;        // from the headers; empty: none
  Finding<SpfVerdict> spf = NotNeeded{};
  Finding<DkimVerdict> dkim = NotNeeded{};
  Finding<DmarcVerdict> dmarc = NotNeeded{};
  Finding<SenderStanding> sender = NotNeeded{};
  Finding<content::Attachments> attachments = NotNeeded{};
  Finding<std::vector<std::string>> uri_hosts = NotNeeded{};
  Finding<Defects> header_defects = NotNeeded{};
  Finding<Defects> encoding_defects = NotNeeded{};
};

}  // namespace postern::decide
