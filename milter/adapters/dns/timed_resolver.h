// Purpose:   a resolver that also says how long its answers may be kept.
// Threading: query() and query_timed() are called from many threads at once.
// Units:     seconds; none: not to be kept.
#pragma once

#include <chrono>
#include <string>

#include "ports/resolver.h"

namespace postern::dns {

struct TimedAnswer {
  ports::DnsAnswer answer;
  std::chrono::seconds ttl{0};
};

class TimedResolver : public ports::Resolver {
 public:
  virtual Result<TimedAnswer> query_timed(const std::string& name, ports::DnsType type,
                                          Deadline deadline) = 0;

  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline deadline) final {
    auto timed = query_timed(name, type, deadline);
    if (!timed) return timed.error();
    return std::move(timed->answer);
  }
};

}  // namespace postern::dns
