// Purpose:   what may be asked now: an address once a day, a domain so many times an hour.
// Ownership: owns its memory, which is bounded: where it is full, nothing new may be asked.
// Threading: one thread at a time.
// Units:     the steady clock.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace postern::provision {

enum class Leave { granted, asked_already, too_many };

class Ration {
 public:
  Ration(unsigned per_hour, std::size_t most_addresses)
      : per_hour_(per_hour), most_addresses_(most_addresses) {}

  // Granted: it counts for the domain, and the address is remembered for `remember`.
  Leave ask(const std::string& address, const std::string& domain, SteadyTime now,
            Milliseconds remember);
  // From now on, instead of what was said before.
  void remember(const std::string& address, SteadyTime until) { until_[address] = until; }

 private:
  // A bucket of `per_hour` that fills again in an hour.
  struct Bucket {
    double left = 0;
    SteadyTime at;
  };
  Bucket refilled(const Bucket& bucket, SteadyTime now) const;
  void sweep(SteadyTime now);

  unsigned per_hour_;
  std::size_t most_addresses_;
  std::unordered_map<std::string, SteadyTime> until_;  // by address
  std::unordered_map<std::string, Bucket> domains_;
};

}  // namespace postern::provision
