// Purpose:   the last good documents on disk, for a start without the source.
// Threading: used by the keeper's thread; read_one() from any thread.
// Failure:   a damaged cache is refused as a whole, with what is wrong; it is never half believed.
//            A cache that cannot be written is an Error and an alarm; mail goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace postern::ports {

struct CachedDocument {
  std::string key;   // canonical
  std::string json;  // the last version that decoded
};

struct CachedSet {
  std::string source;  // PolicySource::describe() of the one who wrote it
  std::uint64_t generation = 0;
  bool accepted_empty = false;
  std::vector<CachedDocument> documents;
};

struct CacheUpdate {
  std::uint64_t generation = 0;
  bool accepted_empty = false;
  std::vector<CachedDocument> put;
  std::vector<std::string> erase;  // canonical keys
};

class PolicyCache {
 public:
  PolicyCache() = default;
  PolicyCache(const PolicyCache&) = delete;
  PolicyCache& operator=(const PolicyCache&) = delete;
  virtual ~PolicyCache() = default;

  // Nothing: there is no cache yet.
  virtual Result<std::optional<CachedSet>> load() = 0;
  // Starts anew (another source, or a refused cache), then update() keeps it current at the cost of
  // what changed.
  virtual Status reset(const std::string& source) = 0;
  virtual Status update(const CacheUpdate& update) = 0;
  virtual Result<std::optional<std::string>> read_one(const std::string& key) = 0;
};

}  // namespace postern::ports
