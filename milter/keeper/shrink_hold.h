// Purpose:   what the shrink guard holds back until somebody accepts it: a full set, or deletions of
//            the change stream, which count together however slowly they come.
// Ownership: a value.
// Threading: the keeper's thread.
// Failure:   none.
// Source:    policy.shrink_guard; a set that loses its last domain is held whatever the share.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policy/shrink_guard.h"
#include "policy/snapshot.h"

namespace postern::keeper {

class ShrinkHold {
 public:
  explicit ShrinkHold(double share) : share_(share) {}

  // A full set came into force: losses count from here, and nothing is held any more.
  void rebase(const policy::Snapshot& in_force);

  // Why this full set may not replace what is in force. It is remembered.
  std::optional<std::string> refuse_full_set(const policy::Snapshot& in_force,
                                             const policy::Snapshot& wanted);
  // The types whose deletions in this change may not happen, counting those held already.
  std::set<policy::DocumentType> refused_deletes(const policy::Snapshot& in_force,
                                                 const policy::Snapshot& wanted) const;
  void hold_delete(const policy::DocumentKey& key) { deletes_.insert(key); }
  // The document has come back.
  void release(const policy::DocumentKey& key) { deletes_.erase(key); }

  bool holds_full_set() const { return full_set_.has_value(); }
  bool holds() const { return full_set_.has_value() || !deletes_.empty(); }
  // For people; nothing when nothing is held.
  std::optional<std::string> describe(const policy::Snapshot& in_force) const;

 private:
  policy::TypeCounts before(const policy::Snapshot& in_force) const;
  policy::TypeCounts without_held(const policy::Snapshot& snapshot) const;
  std::optional<std::string> refuse(const policy::TypeCounts& before,
                                    const policy::TypeCounts& after) const;

  const double share_;
  policy::TypeCounts baseline_{};
  std::optional<std::string> full_set_;
  std::set<policy::DocumentKey> deletes_;
};

}  // namespace postern::keeper
