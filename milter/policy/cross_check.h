// Purpose:   what is wrong between documents that are each in order: an id that nobody has, a list of a
//            domain that is not served, an address that stands for two things.
// Threading: pure functions over an immutable snapshot.
// Failure:   none; what is found is the answer.
// Source:    docs/documents.md, "Between documents".
#pragma once

#include <optional>
#include <vector>

#include "policy/document_fault.h"
#include "policy/document_key.h"
#include "policy/snapshot.h"

namespace postern::policy {

struct CrossFault {
  DocumentKey key;
  DocumentFault fault;
  // The document that would mend it, be it in another part of the set; nothing: no single one would.
  std::optional<DocumentKey> missing = {};
};

struct CrossFaults {
  std::vector<CrossFault> faults;    // somebody's mail is deferred, or a document can never count
  std::vector<CrossFault> warnings;  // what may well be meant as it stands
};

CrossFaults cross_check(const Snapshot& snapshot);

}  // namespace postern::policy
