#include "keeper/cache_keeper.h"

#include <chrono>
#include <utility>

#include "base/log.h"

namespace postern::keeper {
namespace {

constexpr std::chrono::seconds kRetryAfter{60};

ports::CacheUpdate update_for(const policy::Snapshot& in_force) {
  ports::CacheUpdate update;
  update.generation = in_force.generation();
  update.accepted_empty = in_force.usable() && !in_force.has_domains();
  return update;
}

}  // namespace

CacheKeeper::CacheKeeper(ports::PolicyCache* cache, std::string source, const Clock& clock)
    : cache_(cache), source_(std::move(source)), clock_(clock) {}

CacheKeeper::Loaded CacheKeeper::load() {
  Loaded loaded;
  if (cache_ == nullptr) return loaded;
  auto read = cache_->load();
  if (!read) {
    fault_ = read.error().what;
    log::error("policy: the cache is refused", {{"why", *fault_}});
    return loaded;
  }
  if (!read.value()) return loaded;
  ports::CachedSet& set = **read;
  loaded.generation = set.generation;
  if (set.source != source_) {
    log::info("policy: the cache is of another source and not used",
              {{"cached", set.source}, {"source", source_}});
    return loaded;
  }
  anew_ = false;
  loaded.set = std::move(set);
  return loaded;
}

void CacheKeeper::failed(const std::string& why) {
  if (fault_ != why) log::error("policy: the cache cannot be written", {{"why", why}});
  fault_ = why;
  retry_at_ = clock_.steady() + kRetryAfter;
}

bool CacheKeeper::start_anew() {
  if (auto done = cache_->reset(source_); !done) {
    failed(done.error().what);
    return false;
  }
  anew_ = false;
  pending_.clear();
  return true;
}

void CacheKeeper::write(Outcome outcome, const policy::Snapshot& in_force, bool full_set) {
  if (cache_ == nullptr) return;
  const bool everything = anew_;
  if (anew_ && (!full_set || !start_anew())) return;
  ports::CacheUpdate change = update_for(in_force);
  for (auto& put : outcome.puts) {
    std::string key = put.key.to_string();
    const bool missed = everything || pending_.contains(key);
    if (put.fate == Fate::applied || (put.fate == Fate::unchanged && missed)) {
      change.put.push_back({std::move(key), std::move(put.json)});
    }
  }
  for (const auto& key : outcome.erased) change.erase.push_back(key.to_string());
  for (const auto& pending : pending_) {
    const auto key = policy::DocumentKey::parse(pending);
    if (!key || in_force.fingerprint(*key) == 0) change.erase.push_back(pending);
  }
  update(change);
}

void CacheKeeper::forget(std::vector<std::string> keys, const policy::Snapshot& in_force) {
  if (cache_ == nullptr || anew_) return;
  ports::CacheUpdate change = update_for(in_force);
  change.erase = std::move(keys);
  update(change);
}

void CacheKeeper::update(const ports::CacheUpdate& change) {
  const Status done = cache_->update(change);
  if (!done) {
    for (const auto& document : change.put) pending_.insert(document.key);
    for (const auto& key : change.erase) pending_.insert(key);
    failed(done.error().what);
    return;
  }
  for (const auto& document : change.put) pending_.erase(document.key);
  for (const auto& key : change.erase) pending_.erase(key);
  if (!pending_.empty()) return;
  retry_at_.reset();
  if (std::exchange(fault_, std::nullopt)) log::info("policy: the cache is whole again");
}

bool CacheKeeper::wants_full_set() {
  if (!retry_at_ || clock_.steady() < *retry_at_) return false;
  retry_at_ = clock_.steady() + kRetryAfter;
  return true;
}

}  // namespace postern::keeper
