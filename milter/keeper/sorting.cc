// Which of the documents that a source delivers is meant for which key.
#include <algorithm>
#include <unordered_set>
#include <utility>

#include "keeper/worker.h"

namespace postern::keeper {
namespace {

// Texts kept so that a domain can come into force as soon as the alias it wants is free.
constexpr std::size_t kWaitingBytes = std::size_t{16} << 20;

Put as_put(const policy::DocumentKey& key, ports::RawDocument document) {
  return {key, std::move(*document.json), std::move(document.origin), Fate::refused, {}};
}

}  // namespace

// How the source spells the key of the document in force ("domain:GoT.com" for "domain:got.com").
std::string Worker::spelling_of(const policy::DocumentKey& key) const {
  const auto found = spelled_.find(key);
  return found == spelled_.end() ? key.to_string() : found->second;
}

Worker::Sorted Worker::sort_full_set(std::vector<ports::RawDocument> documents) {
  Sorted sorted;
  std::map<policy::DocumentKey, std::string> spelled;
  std::unordered_set<policy::DocumentKey> claimed;
  std::vector<std::pair<policy::DocumentKey, ports::RawDocument>> foreign;
  sorted.puts.reserve(documents.size());
  for (auto& document : documents) {
    if (!document.json) continue;
    auto key = policy::DocumentKey::parse(document.key);
    if (!key) {
      sorted.refused.push_back({document.key, document.origin, key.error().what});
    } else if (key->to_string() != document.key) {
      foreign.emplace_back(std::move(*key), std::move(document));
    } else if (claimed.insert(*key).second) {
      sorted.puts.push_back(as_put(*key, std::move(document)));
    }
  }
  // The canonical spelling of a key wins, then the first by name: not the order of arrival.
  std::ranges::sort(
      foreign, {}, [](const auto& one) -> const auto& { return one.second.key; });
  for (auto& [key, document] : foreign) {
    if (!claimed.insert(key).second) {
      const auto other = spelled.find(key);
      sorted.refused.push_back(
          {key.to_string(), document.origin,
           "the same document as " + (other == spelled.end() ? key.to_string() : other->second)});
      continue;
    }
    spelled.emplace(key, document.key);
    sorted.puts.push_back(as_put(key, std::move(document)));
  }
  for (const auto& one : unreadable_) {
    if (auto key = policy::DocumentKey::parse(one.key)) claimed.insert(std::move(*key));
  }
  current_->for_each_key([&](const policy::DocumentKey& key) {
    if (!claimed.contains(key)) sorted.erase.push_back(key);
  });
  spelled_ = std::move(spelled);
  return sorted;
}

void Worker::sort_put(const policy::DocumentKey& key, ports::RawDocument document, Wanted& wanted,
                      Sorted& sorted) {
  const auto earlier = wanted.find(key);
  const bool deleted_just_now = earlier != wanted.end() && !earlier->second;
  const std::string owner = spelling_of(key);
  if (current_->fingerprint(key) != 0 && !deleted_just_now && owner != document.key) {
    sorted.refused.push_back({key.to_string(), document.origin, "the same document as " + owner});
    return;
  }
  if (document.key == key.to_string()) {
    spelled_.erase(key);
  } else {
    spelled_.insert_or_assign(key, document.key);
  }
  wanted.insert_or_assign(key, as_put(key, std::move(document)));
}

void Worker::sort_deletion(const policy::DocumentKey& key, const ports::RawDocument& document,
                           Wanted& wanted) {
  const std::string name = key.to_string();
  if (spelling_of(key) != document.key) {
    known_.with([&](Known& known) { known.refused.remove(name, document.origin); });
    return;
  }
  const bool has_rival = known_.with([&](Known& known) {
    const bool rival = known.refused.has_other(name, document.origin);
    known.refused.remove_all(name);
    return rival;
  });
  // Another spelling of this key may take its place now; its text has to be read for that.
  if (has_rival) source_.request_full_set();
  forget_waiting(key);
  wanted.insert_or_assign(key, std::nullopt);
}

Worker::Sorted Worker::sort_changes(std::vector<ports::RawDocument> documents) {
  Sorted sorted;
  Wanted wanted;
  for (auto& document : documents) {
    const auto key = policy::DocumentKey::parse(document.key);
    if (key && document.json) {
      sort_put(*key, std::move(document), wanted, sorted);
    } else if (key) {
      sort_deletion(*key, document, wanted);
    } else if (document.json) {
      sorted.refused.push_back({document.key, document.origin, key.error().what});
    } else {
      known_.with([&](Known& known) { known.refused.remove_all(document.key); });
    }
  }
  add_waiting(wanted);
  for (auto& [key, put] : wanted) {
    if (put) {
      sorted.puts.push_back(std::move(*put));
    } else {
      sorted.erase.push_back(key);
    }
  }
  return sorted;
}

// A change of any domain may have freed the alias that another one waits for.
void Worker::add_waiting(Wanted& wanted) const {
  const bool domains = std::ranges::any_of(
      wanted, [](const auto& one) { return may_claim_aliases(one.first.type); });
  if (!domains) return;
  for (const auto& [key, put] : waiting_) wanted.emplace(key, put);
}

void Worker::forget_waiting(const policy::DocumentKey& key) {
  const auto found = waiting_.find(key);
  if (found == waiting_.end()) return;
  waiting_bytes_ -= found->second.json.size();
  waiting_.erase(found);
}

void Worker::note_waiting(const Outcome& outcome) {
  for (const Put& put : outcome.puts) {
    if (!may_claim_aliases(put.key.type)) continue;
    forget_waiting(put.key);
    if (put.fate != Fate::conflicting || waiting_bytes_ + put.json.size() > kWaitingBytes) continue;
    waiting_bytes_ += put.json.size();
    waiting_.emplace(put.key, put);
  }
}

}  // namespace postern::keeper
