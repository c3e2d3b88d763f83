// Purpose:   equal parts of many documents (the policy and platform that thousands of user
// documents
//            repeat) are held once.
// Ownership: holds its parts weakly: a part lives as long as a document that uses it.
// Threading: a value that rides along in a Snapshot; like PersistentMap, copies share and never
// disturb
//            each other.
// Failure:   none; two equal parts that are not shared cost memory, nothing else.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/persistent_map.h"

namespace postern::policy {

template <typename T>
class Sharing {
 public:
  // The equal part that is alive under `label`, or else `part` from now on. One part per label is
  // remembered: a label is only a hint where to look, equality decides.
  std::shared_ptr<const T> share(std::uint64_t label, std::shared_ptr<const T> part) {
    if (const auto* known = alive_.find(label)) {
      if (auto equal = known->lock(); equal && *equal == *part) return equal;
    }
    alive_.put(label, part);
    if (alive_.size() > sweep_at_) sweep();
    return part;
  }

  // How many are remembered, the dead that are not swept yet among them.
  std::size_t remembered() const { return alive_.size(); }

 private:
  static constexpr std::size_t kFirstSweep = 1024;

  // Each sweep waits until twice as many are remembered as survived the last one, so that its cost
  // spreads over the insertions.
  void sweep() {
    std::vector<std::uint64_t> dead;
    alive_.for_each([&dead](std::uint64_t label, const std::weak_ptr<const T>& part) {
      if (part.expired()) dead.push_back(label);
    });
    for (const std::uint64_t label : dead) alive_.erase(label);
    sweep_at_ = std::max(kFirstSweep, alive_.size() * 2);
  }

  PersistentMap<std::uint64_t, std::weak_ptr<const T>> alive_;
  std::size_t sweep_at_ = kFirstSweep;
};

}  // namespace postern::policy
