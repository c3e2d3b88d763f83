#include "keeper/refusals.h"

namespace postern::keeper {

bool Refusals::add(const std::string& key, const std::string& origin, const std::string& reason,
                   WallTime now) {
  const auto id = std::pair(key, origin);
  auto known = entries_.find(id);
  if (known == entries_.end()) {
    if (auto old = before_.extract(id)) known = entries_.insert(std::move(old)).position;
  }
  if (known == entries_.end()) {
    entries_.emplace(id, Entry{reason, now});
    return true;
  }
  if (known->second.reason == reason) return false;
  known->second = Entry{reason, now};
  return true;
}

void Refusals::remove(const std::string& key, const std::string& origin) {
  entries_.erase(std::pair(key, origin));
}

void Refusals::remove_all(const std::string& key) {
  auto entry = entries_.lower_bound(std::pair(key, std::string()));
  while (entry != entries_.end() && entry->first.first == key) entry = entries_.erase(entry);
}

bool Refusals::has_other(const std::string& key, const std::string& origin) const {
  auto entry = entries_.lower_bound(std::pair(key, std::string()));
  for (; entry != entries_.end() && entry->first.first == key; ++entry) {
    if (entry->first.second != origin) return true;
  }
  return false;
}

void Refusals::begin_renewal() { before_ = std::exchange(entries_, {}); }

void Refusals::end_renewal() { before_.clear(); }

std::vector<RefusedDocument> Refusals::list() const {
  std::vector<RefusedDocument> all;
  all.reserve(entries_.size());
  for (const auto& [id, entry] : entries_) {
    all.push_back({id.first, id.second, entry.reason, entry.since});
  }
  return all;
}

}  // namespace postern::keeper
