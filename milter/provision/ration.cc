#include "provision/ration.h"

#include <algorithm>

namespace postern::provision {

Ration::Bucket Ration::refilled(const Bucket& bucket, SteadyTime now) const {
  const std::chrono::duration<double, std::ratio<3600>> hours = now - bucket.at;
  return {std::min<double>(per_hour_, bucket.left + hours.count() * per_hour_), now};
}

// What says nothing any more: addresses whose time is over, domains whose bucket is full.
void Ration::sweep(SteadyTime now) {
  std::erase_if(until_, [&](const auto& one) { return one.second <= now; });
  std::erase_if(domains_,
                [&](const auto& one) { return refilled(one.second, now).left >= per_hour_; });
}

Leave Ration::ask(const std::string& address, const std::string& domain, SteadyTime now,
                  Milliseconds remember) {
  if (const auto known = until_.find(address); known != until_.end() && now < known->second) {
    return Leave::asked_already;
  }
  if (until_.size() >= most_addresses_ || domains_.size() >= most_addresses_) {
    sweep(now);
    if (until_.size() >= most_addresses_) return Leave::too_many;
  }
  const auto known = domains_.find(domain);
  Bucket bucket = known == domains_.end() ? Bucket{static_cast<double>(per_hour_), now}
                                          : refilled(known->second, now);
  const bool granted = bucket.left >= 1;
  if (granted) {
    bucket.left -= 1;
    until_[address] = now + remember;
  }
  domains_[domain] = bucket;
  return granted ? Leave::granted : Leave::too_many;
}

}  // namespace postern::provision
