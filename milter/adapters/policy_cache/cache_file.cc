#include "adapters/policy_cache/cache_file.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "base/unique_fd.h"

namespace postern::policy_cache {
namespace {

constexpr int kApplicationId = 0x504f5354;  // "POST"
constexpr int kFormat = 1;

std::runtime_error system_fault() {
  return std::runtime_error(std::generic_category().message(errno));
}

// The mode is settled before SQLite sees the file: its journals take theirs from it.
void ensure_private(const std::string& path, int flags) {
  const UniqueFd fd(
      ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600));
  if (!fd) throw system_fault();
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) throw system_fault();
  if (!S_ISREG(info.st_mode)) throw std::runtime_error("not a regular file");
  if ((info.st_mode & 07777) != 0600 && ::fchmod(fd.get(), 0600) != 0) throw system_fault();
}

void bind_bytes(SQLite::Statement& statement, int index, std::string_view bytes) {
  statement.bindNoCopy(index, static_cast<const void*>(bytes.data()),
                       static_cast<int>(bytes.size()));
}

std::string bytes_at(const SQLite::Statement& row, int index) {
  const SQLite::Column column = row.getColumn(index);
  const auto* bytes = static_cast<const char*>(column.getBlob());
  const int size = column.getBytes();
  return bytes == nullptr ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
}

Digest digest_at(const SQLite::Statement& row, int index) {
  const std::string bytes = bytes_at(row, index);
  Digest digest{};
  if (bytes.size() != digest.size()) throw std::runtime_error("a digest has the wrong size");
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

}  // namespace

CacheFile::CacheFile(const std::string& path)
    : database_(std::make_unique<SQLite::Database>(path, SQLite::OPEN_READWRITE)) {}

CacheFile::~CacheFile() = default;

std::unique_ptr<CacheFile> CacheFile::open(const std::string& path) {
  ensure_private(path, 0);
  std::unique_ptr<CacheFile> file(new CacheFile(path));
  auto& database = *file->database_;
  // Before anything is written: somebody else's database stays as it is.
  if (database.execAndGet("PRAGMA application_id").getInt() != kApplicationId) {
    throw std::runtime_error("not a policy cache");
  }
  if (const int format = database.execAndGet("PRAGMA user_version").getInt(); format != kFormat) {
    throw std::runtime_error("format " + std::to_string(format) + " is not " +
                             std::to_string(kFormat));
  }
  // A second process that opens the same file is told so instead of mixing its set with ours.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA synchronous = NORMAL");
  database.exec("BEGIN EXCLUSIVE; COMMIT");
  return file;
}

std::unique_ptr<CacheFile> CacheFile::create(const std::string& path, const std::string& source) {
  ensure_private(path, O_CREAT | O_EXCL);
  std::unique_ptr<CacheFile> file(new CacheFile(path));
  auto& database = *file->database_;
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  SQLite::Transaction transaction(database);
  database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
  database.exec("PRAGMA user_version = " + std::to_string(kFormat));
  // Without a rowid there is no index beside the table that could be damaged unseen.
  database.exec(
      "CREATE TABLE documents (key BLOB PRIMARY KEY NOT NULL, json BLOB NOT NULL, "
      "digest BLOB NOT NULL) WITHOUT ROWID");
  database.exec(
      "CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), source BLOB NOT NULL, generation "
      "INTEGER NOT NULL, accepted_empty INTEGER NOT NULL, count INTEGER NOT NULL, documents BLOB "
      "NOT "
      "NULL, digest BLOB NOT NULL)");
  Meta meta;
  meta.source = source;
  file->write_meta(meta);
  transaction.commit();
  file->meta_ = std::move(meta);
  return file;
}

Digest CacheFile::digest_of_meta(const Meta& meta) {
  return digest_of(meta.source,
                   std::to_string(meta.generation) + " " + (meta.accepted_empty ? "empty " : "") +
                       std::to_string(meta.count) + " " + std::string(bytes_of(meta.set)));
}

CacheFile::Meta CacheFile::read_meta() {
  SQLite::Statement row(
      *database_, "SELECT source, generation, accepted_empty, count, documents, digest FROM meta");
  if (!row.executeStep()) throw std::runtime_error("the description of the set is missing");
  Meta meta;
  meta.source = bytes_at(row, 0);
  meta.generation = static_cast<std::uint64_t>(row.getColumn(1).getInt64());
  meta.accepted_empty = row.getColumn(2).getInt() != 0;
  meta.count = static_cast<std::uint64_t>(row.getColumn(3).getInt64());
  meta.set = digest_at(row, 4);
  if (digest_at(row, 5) != digest_of_meta(meta)) {
    throw std::runtime_error("the description of the set is damaged");
  }
  return meta;
}

void CacheFile::write_meta(const Meta& meta) {
  SQLite::Statement statement(*database_,
                              "REPLACE INTO meta (id, source, generation, accepted_empty, count, "
                              "documents, digest) VALUES (1, ?, ?, ?, ?, ?, ?)");
  const Digest digest = digest_of_meta(meta);
  bind_bytes(statement, 1, meta.source);
  statement.bind(2, static_cast<std::int64_t>(meta.generation));
  statement.bind(3, meta.accepted_empty ? 1 : 0);
  statement.bind(4, static_cast<std::int64_t>(meta.count));
  bind_bytes(statement, 5, bytes_of(meta.set));
  bind_bytes(statement, 6, bytes_of(digest));
  statement.exec();
}

ports::CachedSet CacheFile::read_all() {
  const std::string check = database_->execAndGet("PRAGMA quick_check(1)").getString();
  if (check != "ok") throw std::runtime_error(check);
  Meta meta = read_meta();
  ports::CachedSet set;
  Digest seen{};
  SQLite::Statement row(*database_, "SELECT key, json, digest FROM documents");
  while (row.executeStep()) {
    ports::CachedDocument document{bytes_at(row, 0), bytes_at(row, 1)};
    const Digest digest = digest_of(document.key, document.json);
    if (digest != digest_at(row, 2)) throw std::runtime_error("a document is damaged");
    // Out of order, a document would be read here and not be found later.
    if (!set.documents.empty() && set.documents.back().key >= document.key) {
      throw std::runtime_error("the documents are out of order");
    }
    toggle(seen, digest);
    set.documents.push_back(std::move(document));
  }
  if (set.documents.size() != meta.count || seen != meta.set) {
    throw std::runtime_error("the set is not whole");
  }
  set.source = meta.source;
  set.generation = meta.generation;
  set.accepted_empty = meta.accepted_empty;
  meta_ = std::move(meta);
  return set;
}

std::optional<Digest> CacheFile::digest_in_file(const std::string& key) {
  SQLite::Statement row(*database_, "SELECT digest FROM documents WHERE key = ?");
  bind_bytes(row, 1, key);
  if (!row.executeStep()) return std::nullopt;
  return digest_at(row, 0);
}

void CacheFile::update(const ports::CacheUpdate& update) {
  SQLite::Transaction transaction(*database_);
  Meta meta = meta_;
  const auto forget = [this, &meta](const std::string& key) {
    const auto old = digest_in_file(key);
    if (!old) return;
    toggle(meta.set, *old);
    --meta.count;
  };
  SQLite::Statement erase(*database_, "DELETE FROM documents WHERE key = ?");
  for (const auto& key : update.erase) {
    forget(key);
    bind_bytes(erase, 1, key);
    erase.exec();
    erase.reset();
  }
  SQLite::Statement put(*database_, "REPLACE INTO documents (key, json, digest) VALUES (?, ?, ?)");
  for (const auto& document : update.put) {
    forget(document.key);
    const Digest digest = digest_of(document.key, document.json);
    bind_bytes(put, 1, document.key);
    bind_bytes(put, 2, document.json);
    bind_bytes(put, 3, bytes_of(digest));
    put.exec();
    put.reset();
    toggle(meta.set, digest);
    ++meta.count;
  }
  meta.generation = update.generation;
  meta.accepted_empty = update.accepted_empty;
  write_meta(meta);
  transaction.commit();
  meta_ = std::move(meta);
}

std::optional<std::string> CacheFile::read_one(const std::string& key) {
  SQLite::Statement row(*database_, "SELECT json, digest FROM documents WHERE key = ?");
  bind_bytes(row, 1, key);
  if (!row.executeStep()) return std::nullopt;
  std::string json = bytes_at(row, 0);
  if (digest_of(key, json) != digest_at(row, 1)) throw std::runtime_error("a document is damaged");
  return json;
}

}  // namespace postern::policy_cache
