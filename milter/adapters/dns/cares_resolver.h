// Purpose:   the DNS, asked with c-ares: UDP with EDNS, TCP when an answer is truncated, aliases
//            followed, no search list.
// Ownership: owns its channels; answers are values.
// Threading: query() is called from many threads at once; each call waits by itself on a channel of
//            its own, taken from a pool.
// Failure:   as ports/resolver.h says; the Error names the name and the type. A name that cannot be
//            (over 253 octets, a label empty or over 63, octets that are not printable ASCII) is
//            never sent: there is no such domain.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/dns/options.h"
#include "adapters/dns/timed_resolver.h"
#include "base/guarded.h"

namespace postern::dns {

class Channel;

class CaresResolver final : public TimedResolver {
 public:
  explicit CaresResolver(Options options);
  ~CaresResolver() override;

  Result<TimedAnswer> query_timed(const std::string& name, ports::DnsType type,
                                  Deadline deadline) override;

 private:
  struct Idle {
    std::unique_ptr<Channel> channel;
    SteadyTime since;
  };
  Result<std::vector<std::uint8_t>> ask(const std::string& name, ports::DnsType type,
                                        Deadline deadline);
  std::unique_ptr<Channel> take_idle();
  void give_back(std::unique_ptr<Channel> channel);

  const Options options_;
  Guarded<std::vector<Idle>> idle_;
};

}  // namespace postern::dns
