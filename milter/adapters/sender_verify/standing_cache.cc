#include "adapters/sender_verify/standing_cache.h"

#include <utility>

namespace postern::sender_verify {
namespace {

using Verdict = decide::SenderStanding::Verdict;

struct Lifetime {
  Milliseconds fresh;
  Milliseconds believed;
};

Lifetime lifetime_of(Verdict verdict, const CacheTimes& times) {
  switch (verdict) {
    case Verdict::exists:
      return {times.exists_fresh_for, times.exists_for};
    case Verdict::does_not_exist:
      return {times.refused_fresh_for, times.refused_for};
    case Verdict::unknown:
      break;
  }
  return {times.unknown_for, times.unknown_for};
}

}  // namespace

std::optional<StandingCache::Found> StandingCache::find(const std::string& key, SteadyTime now) {
  const auto at = by_key_.find(key);
  if (at == by_key_.end()) return std::nullopt;
  if (now >= at->second->believed_until) {
    entries_.erase(at->second);
    by_key_.erase(at);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, at->second);
  return Found{at->second->standing, now < at->second->fresh_until};
}

decide::SenderStanding StandingCache::store(const std::string& key, decide::SenderStanding standing,
                                            SteadyTime now) {
  const auto earlier = find(key, now);
  const Lifetime lifetime = lifetime_of(standing.verdict, times_);
  if (earlier) {
    Entry& entry = entries_.front();  // where find() has put it
    entry.fresh_until = now + lifetime.fresh;
    if (standing.verdict == Verdict::unknown) return entry.standing;
    entry.believed_until = now + lifetime.believed;
    entry.standing = std::move(standing);
    return entry.standing;
  }
  if (most_ == 0) return standing;
  while (entries_.size() >= most_) {
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
  entries_.push_front({key, std::move(standing), now + lifetime.fresh, now + lifetime.believed});
  by_key_[key] = entries_.begin();
  return entries_.front().standing;
}

}  // namespace postern::sender_verify
