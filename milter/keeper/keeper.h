// Purpose:   keeps the snapshot in force fresh: takes documents from a source, puts the good ones
//            in force, remembers the refused, guards against shrinking, and writes the cache.
// Ownership: borrows source, cache and the published snapshot; main.cc owns them all.
// Threading: start() begins the source's thread and a small one that keeps the age metric honest,
//            stop() ends them; status() and the requests are safe from any thread.
// Failure:   never takes a good document away because of a bad one, nor the set because a source is
//            away.
// Source:    policy.* settings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "policy/snapshot.h"
#include "ports/policy_cache.h"
#include "ports/policy_source.h"

namespace postern::keeper {

struct KeeperOptions {
  double shrink_guard = 0.5;
  policy::DecodeOptions decode;
};

struct RefusedDocument {
  std::string key;
  std::string origin;
  std::string reason;
  WallTime since;
};

struct KeeperStatus {
  std::string source;
  std::optional<std::string> source_away;  // why, while it is away
  std::optional<WallTime> source_away_since;
  std::optional<WallTime> last_contact;    // when the source last delivered or confirmed the set
  bool from_cache = false;                 // nothing has come from the source since the start
  std::optional<std::string> cache_fault;  // why the cache was refused or cannot be written
  std::uint64_t generation = 0;            // 0: nothing is in force
  WallTime in_force_since;
  std::string position;
  std::vector<RefusedDocument> refused;
  std::optional<std::string> shrink_held;  // what the guard refused, until `policy accept`
  std::vector<std::pair<std::string, std::size_t>> counts;  // per document type
};

class Worker;

class Keeper {
 public:
  // `cache` may be nullptr: then a start without the source is a start without policy.
  Keeper(ports::PolicySource& source, ports::PolicyCache* cache,
         Published<policy::Snapshot>& published, const Clock& clock, KeeperOptions options);
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  // Puts the cached set in force, if there is a sound one, before it returns; then follows the
  // source.
  void start();
  void stop();

  KeeperStatus status() const;
  // Lets through what the shrink guard holds (or an empty set): reads the source again, unguarded,
  // once. Where nothing is held it is a reload().
  void accept();
  void reload();
  // The text of the document in force, from the cache; nothing: no such document.
  Result<std::optional<std::string>> document(const policy::DocumentKey& key) const;

 private:
  struct Threads;

  std::unique_ptr<Worker> worker_;
  std::unique_ptr<Threads> threads_;
};

}  // namespace postern::keeper
