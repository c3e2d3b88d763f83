// Purpose:   remembers answers for as long as they say they may be remembered.
// Ownership: borrows the resolver behind it and the clock; owns what it remembers.
// Threading: query() is called from many threads at once; two that ask the same at the same time
//            may both be passed on.
// Units:     seconds; bytes are an estimate of what an answer takes.
// Failure:   as the resolver behind it; failures are not remembered.
// Source:    RFC 1035 7.4, RFC 2308 (negative answers).
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "adapters/dns/timed_resolver.h"
#include "base/clock.h"
#include "base/guarded.h"

namespace postern::dns {

struct CacheOptions {
  std::size_t most_entries = 20'000;
  std::size_t most_bytes = std::size_t{16} * 1024 * 1024;
  std::chrono::seconds longest{3600};
  std::chrono::seconds longest_negative{300};
};

class CachingResolver final : public ports::Resolver {
 public:
  CachingResolver(TimedResolver& behind, const Clock& clock, CacheOptions options = {});

  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline deadline) override;

 private:
  struct Entry {
    std::string key;
    ports::DnsAnswer answer;
    SteadyTime expires;
    std::size_t bytes = 0;
  };
  struct State {
    std::list<Entry> entries;  // the most recently used first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_key;
    std::size_t bytes = 0;

    void drop(std::list<Entry>::iterator entry);
  };
  void remember(std::string key, const TimedAnswer& timed);

  TimedResolver& behind_;
  const Clock& clock_;
  const CacheOptions options_;
  Guarded<State> state_;
};

}  // namespace postern::dns
