// Purpose:   some documents to change, applied to a snapshot together: each good one goes in, each bad
//            one is refused alone, and the order of arrival does not decide who owns an alias.
// Ownership: owns the documents' texts until they are taken out of the outcome.
// Threading: one thread.
// Failure:   none as a whole; what is refused is in the outcome.
#pragma once

#include <string>
#include <vector>

#include "policy/shrink_guard.h"
#include "policy/snapshot.h"

namespace postern::keeper {

enum class Fate {
  unchanged,  // the same text is in force already
  applied,
  refused,
  conflicting,  // refused, because another domain holds an alias: may be good later
};

struct Put {
  policy::DocumentKey key;
  std::string json;
  std::string origin;
  Fate fate = Fate::refused;
  std::string reason;  // of a refusal
};

struct Outcome {
  policy::SnapshotEditor editor;
  std::vector<Put> puts;
  std::vector<policy::DocumentKey> erased;  // were in force

  bool changed() const;
};

// At most one put per key.
Outcome apply(const policy::Snapshot& base, const policy::DecodeOptions& options,
              std::vector<Put> puts, const std::vector<policy::DocumentKey>& erase);

// Documents of this type may be refused for another's alias, and wait for it.
bool may_claim_aliases(policy::DocumentType type);

policy::TypeCounts counts_of(const policy::Snapshot& snapshot);

}  // namespace postern::keeper
