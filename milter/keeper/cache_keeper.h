// Purpose:   keeps the cache on disk equal to what is in force, also after it could not be written for
//            a while.
// Ownership: borrows the cache, which may be absent, and the clock.
// Threading: the keeper's thread.
// Failure:   a fault is remembered for `status` and logged once; what was not written is written with
//            the next full set, for which the caller is asked about once a minute.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "keeper/batch.h"
#include "policy/snapshot.h"
#include "ports/policy_cache.h"

namespace postern::keeper {

class CacheKeeper {
 public:
  CacheKeeper(ports::PolicyCache* cache, std::string source, const Clock& clock);

  struct Loaded {
    std::uint64_t generation = 0;         // the last one that the cache knows of
    std::optional<ports::CachedSet> set;  // nothing: none, refused, or of another source
  };
  Loaded load();

  // After a snapshot was put in force. `full_set`: the outcome has the text of every document there is.
  void write(Outcome outcome, const policy::Snapshot& in_force, bool full_set);
  // Documents of the cache that are not in force (any more), and the new generation.
  void forget(std::vector<std::string> keys, const policy::Snapshot& in_force);

  bool wants_full_set();
  const std::optional<std::string>& fault() const { return fault_; }

 private:
  bool start_anew();
  void update(const ports::CacheUpdate& update);
  void failed(const std::string& why);

  ports::PolicyCache* const cache_;
  const std::string source_;
  const Clock& clock_;
  bool anew_ = true;               // there is no file to update yet
  std::set<std::string> pending_;  // keys whose last change is not in the file
  std::optional<std::string> fault_;
  std::optional<SteadyTime> retry_at_;
};

}  // namespace postern::keeper
