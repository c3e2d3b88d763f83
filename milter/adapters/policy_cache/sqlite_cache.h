// Purpose:   the PolicyCache in one SQLite file, mode 0600 (documents hold private keys and passwords).
// Ownership: owns the file, which nobody else may have open.
// Threading: all members from any thread; each holds a mutex while it works.
// Failure:   load() checks the file, every row and the set as a whole, and refuses it as a whole;
//            reset() then moves it aside as <path>.refused. A torn last write is rolled back by SQLite
//            and leaves the set before it.
// Source:    policy.cache.
#pragma once

#include <memory>
#include <string>

#include "base/guarded.h"
#include "ports/policy_cache.h"

namespace postern::policy_cache {

class CacheFile;

class SqliteCache final : public ports::PolicyCache {
 public:
  explicit SqliteCache(std::string path);
  ~SqliteCache() override;

  Result<std::optional<ports::CachedSet>> load() override;
  Status reset(const std::string& source) override;
  Status update(const ports::CacheUpdate& update) override;
  Result<std::optional<std::string>> read_one(const std::string& key) override;

 private:
  const std::string path_;
  Guarded<std::unique_ptr<CacheFile>> file_;  // nothing: not loaded, or refused
};

}  // namespace postern::policy_cache
