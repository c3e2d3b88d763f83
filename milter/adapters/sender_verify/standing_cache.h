// Purpose:   remembers what servers said of senders: how long it is believed, and from when on it is
//            asked again.
// Ownership: owns its entries, at most `most`; the one used longest ago goes first.
// Threading: one thread at a time (the verifier keeps it in a Guarded).
// Units:     the steady clock.
// Source:    docs/semantics.md, "Sender verify"; Postfix' address verification uses the same times.
#pragma once

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "decide/evidence.h"

namespace postern::sender_verify {

struct CacheTimes {
  Milliseconds exists_for = std::chrono::hours(31 * 24);
  Milliseconds exists_fresh_for = std::chrono::hours(7 * 24);
  Milliseconds refused_for = std::chrono::hours(3 * 24);
  Milliseconds refused_fresh_for = std::chrono::hours(3);
  Milliseconds unknown_for = std::chrono::minutes(15);
};

class StandingCache {
 public:
  StandingCache(CacheTimes times, std::size_t most) : times_(times), most_(most) {}

  struct Found {
    decide::SenderStanding standing;
    bool fresh = false;  // false: still believed, but to be asked again
  };
  // Nothing: never heard of, or no longer believed.
  std::optional<Found> find(const std::string& key, SteadyTime now);
  // A probe that could tell nothing takes no earlier answer away: that stays as long as it is
  // believed, and is asked again when an unknown one would be. Answers what is believed now.
  decide::SenderStanding store(const std::string& key, decide::SenderStanding standing,
                               SteadyTime now);
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string key;
    decide::SenderStanding standing;
    SteadyTime fresh_until;
    SteadyTime believed_until;
  };
  using Entries = std::list<Entry>;

  CacheTimes times_;
  std::size_t most_;
  Entries entries_;  // the last used first
  std::unordered_map<std::string, Entries::iterator> by_key_;
};

}  // namespace postern::sender_verify
