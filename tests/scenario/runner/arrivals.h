// What the next hops get of a message: from its transaction, and from the copies that left it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mail/message.h"
#include "policy/snapshot.h"
#include "ports/vault.h"
#include "scenario/runner/conversation.h"

namespace postern::test {

struct Arrival {
  std::string recipient;  // in lower case
  std::string next_hop;   // a name of the fixtures' README; "world": none of ours
  std::string sender;     // envelope sender, without < >
  std::vector<mail::HeaderField> headers;

  // The value of the first field of this name, without its leading space; "(none)".
  std::string header(std::string_view name) const;
};

// One for each recipient of each, in no order: who gets it twice stands there twice.
std::vector<Arrival> arrivals(const Played& played, const std::string& sender,
                              const std::vector<ports::OutboxCopy>& left,
                              const policy::Snapshot& snapshot);

// Lines that end in CRLF, as fields; throws for what is no header block.
std::vector<mail::HeaderField> fields_of(const std::string& header_block);

}  // namespace postern::test
