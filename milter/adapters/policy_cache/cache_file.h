// Purpose:   the SQLite file itself: its tables, its checks, its transactions.
// Ownership: owns the database connection, which locks the file for itself.
// Threading: one thread at a time.
// Failure:   throws SQLite::Exception or std::runtime_error; sqlite_cache.cc turns them into Errors.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "adapters/policy_cache/digest.h"
#include "ports/policy_cache.h"

namespace SQLite {  // NOLINT(readability-identifier-naming): its own name
class Database;
}

namespace postern::policy_cache {

class CacheFile {
 public:
  // Opens what is there.
  static std::unique_ptr<CacheFile> open(const std::string& path);
  // Writes a new, empty one; there must be none.
  static std::unique_ptr<CacheFile> create(const std::string& path, const std::string& source);
  ~CacheFile();

  // Everything, verified; throws on the first thing that is wrong. Only after it, or after create(),
  // may the others be called.
  ports::CachedSet read_all();
  void update(const ports::CacheUpdate& update);
  std::optional<std::string> read_one(const std::string& key);

 private:
  struct Meta {
    std::string source;
    std::uint64_t generation = 0;
    bool accepted_empty = false;
    std::uint64_t count = 0;
    Digest set{};
  };

  explicit CacheFile(const std::string& path);
  static Digest digest_of_meta(const Meta& meta);
  Meta read_meta();
  void write_meta(const Meta& meta);
  std::optional<Digest> digest_in_file(const std::string& key);

  std::unique_ptr<SQLite::Database> database_;
  Meta meta_;
};

}  // namespace postern::policy_cache
