// Purpose:   no more questions to the DNS than a rate allows, whoever puts them.
// Ownership: borrows the resolver behind it and the clock.
// Threading: one thread.
// Failure:   the resolver's own. It never waits: who asks sees beforehand whether he may.
// Source:    the setting dns.checks_per_minute.
#pragma once

#include <string>

#include "base/clock.h"
#include "ports/resolver.h"

namespace postern::dns_watch {

class RationedResolver final : public ports::Resolver {
 public:
  // `most_at_once`: what has been saved up at most.
  RationedResolver(ports::Resolver& resolver, const Clock& clock, unsigned per_minute,
                   unsigned most_at_once);

  // Whether so many questions may be put now.
  bool may_ask(unsigned questions);
  // Until then; zero: now.
  Milliseconds until_may_ask(unsigned questions);

  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline deadline) override;

 private:
  void save_up();

  ports::Resolver& resolver_;
  const Clock& clock_;
  const double per_millisecond_;
  const double most_at_once_;
  double saved_;
  SteadyTime saved_at_;
};

}  // namespace postern::dns_watch
