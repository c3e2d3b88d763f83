#include "adapters/policy_cache/sqlite_cache.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>

#include "adapters/policy_cache/cache_file.h"
#include "base/text.h"

namespace postern::policy_cache {
namespace {

Error fault(const std::string& path, const std::exception& what) {
  return temporary_error("policy cache " + path + ": " + printable(what.what(), 200));
}

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

// Nothing: done, or there was nothing to move.
std::optional<Error> move_aside(const std::string& path, const std::string& to) {
  if (::rename(path.c_str(), to.c_str()) == 0 || errno == ENOENT) return std::nullopt;
  return temporary_error("policy cache " + path + ": " + std::generic_category().message(errno));
}

// A file that another process uses is not ours to move.
bool used_by_another(const std::string& path) {
  try {
    (void)CacheFile::open(path);
  } catch (const SQLite::Exception& what) {
    return what.getErrorCode() == SQLITE_BUSY;
  } catch (const std::exception&) {
    return false;
  }
  return false;
}

}  // namespace

SqliteCache::SqliteCache(std::string path) : path_(std::move(path)) {}

SqliteCache::~SqliteCache() = default;

Result<std::optional<ports::CachedSet>> SqliteCache::load() {
  using Loaded = Result<std::optional<ports::CachedSet>>;
  return file_.with([this](auto& file) -> Loaded {
    file.reset();
    if (!exists(path_)) return std::optional<ports::CachedSet>();
    try {
      auto opened = CacheFile::open(path_);
      ports::CachedSet set = opened->read_all();
      file = std::move(opened);
      return std::optional(std::move(set));
    } catch (const std::exception& what) {
      return fault(path_, what);
    }
  });
}

Status SqliteCache::reset(const std::string& source) {
  return file_.with([this, &source](auto& file) -> Status {
    file.reset();
    if (exists(path_)) {
      if (used_by_another(path_)) {
        return temporary_error("policy cache " + path_ + ": in use by another process");
      }
      const std::string aside = path_ + ".refused";
      for (const char* part : {"-wal", "-journal", ""}) {
        if (const auto error = move_aside(path_ + part, aside + part)) return *error;
      }
      (void)std::remove((path_ + "-shm").c_str());
    }
    try {
      file = CacheFile::create(path_, source);
      return success();
    } catch (const std::exception& what) {
      return fault(path_, what);
    }
  });
}

Status SqliteCache::update(const ports::CacheUpdate& update) {
  return file_.with([this, &update](auto& file) -> Status {
    if (!file) return temporary_error("policy cache " + path_ + ": not open");
    try {
      file->update(update);
      return success();
    } catch (const std::exception& what) {
      return fault(path_, what);
    }
  });
}

Result<std::optional<std::string>> SqliteCache::read_one(const std::string& key) {
  return file_.with([this, &key](auto& file) -> Result<std::optional<std::string>> {
    if (!file) return temporary_error("policy cache " + path_ + ": not open");
    try {
      return file->read_one(key);
    } catch (const std::exception& what) {
      return fault(path_, what);
    }
  });
}

}  // namespace postern::policy_cache
