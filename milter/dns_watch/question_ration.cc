#include "dns_watch/question_ration.h"

#include <algorithm>
#include <cmath>

namespace postern::dns_watch {
namespace {

constexpr double kMillisecondsAMinute = 60'000;

}  // namespace

RationedResolver::RationedResolver(ports::Resolver& resolver, const Clock& clock,
                                   unsigned per_minute, unsigned most_at_once)
    : resolver_(resolver),
      clock_(clock),
      per_millisecond_(per_minute / kMillisecondsAMinute),
      most_at_once_(most_at_once),
      saved_(most_at_once),
      saved_at_(clock.steady()) {}

void RationedResolver::save_up() {
  const SteadyTime now = clock_.steady();
  const std::chrono::duration<double, std::milli> passed = now - saved_at_;
  saved_ = std::min(most_at_once_, saved_ + passed.count() * per_millisecond_);
  saved_at_ = now;
}

bool RationedResolver::may_ask(unsigned questions) {
  save_up();
  return saved_ >= questions;
}

Milliseconds RationedResolver::until_may_ask(unsigned questions) {
  save_up();
  const double missing = questions - saved_;
  if (missing <= 0) return Milliseconds(0);
  return Milliseconds(static_cast<Milliseconds::rep>(std::ceil(missing / per_millisecond_)));
}

Result<ports::DnsAnswer> RationedResolver::query(const std::string& name, ports::DnsType type,
                                                 Deadline deadline) {
  save_up();
  saved_ -= 1;
  return resolver_.query(name, type, deadline);
}

}  // namespace postern::dns_watch
