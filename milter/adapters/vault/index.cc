#include "adapters/vault/index.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <system_error>
#include <utility>

#include "adapters/vault/outbox_rows.h"
#include "adapters/vault/schema.h"
#include "adapters/vault/stored_time.h"
#include "base/guarded.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace postern::vault {
namespace {

// Another program may be reading or, with the sqlite3 shell, writing.
constexpr int kBusyMilliseconds = 5000;

Error describe(std::string_view what, const std::exception& error) {
  return temporary_error("vault: index: " + std::string(what) + ": " +
                         printable(error.what(), 200));
}

// Whether a COMMIT that failed so may nevertheless be found in the log after a crash: what was
// written was whole, only its sync failed. A full disk and a refused write are not of that kind.
bool may_be_written(const SQLite::Exception& error) {
  return error.getErrorCode() == SQLITE_IOERR && error.getExtendedErrorCode() != SQLITE_IOERR_WRITE;
}

// SQLite would make it world-readable; its log takes over the mode of the file. A file that stands
// already is not opened here: closing it would drop the locks of SQLite (POSIX locks belong to the
// process) and let another process remove the log under us.
Status create_private_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file || errno == EEXIST) return success();
  return temporary_error("vault: " + path + ": " + std::generic_category().message(errno));
}

void bring_up_to_date(SQLite::Database& database) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  // Asked again under the lock: another process may have been quicker.
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (version < 1) database.exec(kSchema);
  if (version < 2) database.exec(kOutboxSchema);
  if (version < 3) database.exec(kMailboxSchema);
  if (version < 4) database.exec(kUpkeepSchema);
  database.exec("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  transaction.commit();
}

void prepare_connection(SQLite::Database& database, bool durable) {
  database.exec("PRAGMA foreign_keys = ON");
  // NORMAL syncs at checkpoints only: a power cut may lose the latest rows but never the file.
  database.exec(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

using SQLite::TransactionBehavior;

// One transaction of the writer; what `work` answers is answered once it is committed.
template <typename Writer, typename Work>
auto write(Writer& writer, const char* what, const Work& work)
    -> Result<decltype(work(std::declval<SQLite::Database&>()))> {
  try {
    return writer.with([&](SQLite::Database& database) {
      SQLite::Transaction transaction(database, TransactionBehavior::IMMEDIATE);
      auto answer = work(database);
      transaction.commit();
      return answer;
    });
  } catch (const std::exception& error) {
    return describe(what, error);
  }
}

template <typename Reader, typename Work>
auto read(Reader& reader, const char* what, const Work& work)
    -> Result<decltype(work(std::declval<SQLite::Database&>()))> {
  try {
    return reader.with([&](SQLite::Database& database) { return work(database); });
  } catch (const std::exception& error) {
    return describe(what, error);
  }
}

template <typename Writer>
Index::RemoveOutcome remove_with(Writer& writer,
                                 const std::function<Removed(SQLite::Database&)>& work,
                                 const Index::BeforeCommit& before_commit) {
  bool committing = false;
  try {
    return writer.with([&](SQLite::Database& database) -> Index::RemoveOutcome {
      SQLite::Transaction transaction(database, TransactionBehavior::IMMEDIATE);
      const Removed removed = work(database);
      if (Status ready = before_commit(removed.ids); !ready) return WriteFailure{ready.error()};
      committing = true;
      transaction.commit();
      return removed.sums;
    });
  } catch (const SQLite::Exception& error) {
    return WriteFailure{describe("remove", error), committing && may_be_written(error)};
  } catch (const std::exception& error) {
    return WriteFailure{describe("remove", error), committing};
  }
}

}  // namespace

struct Index::Connections {
  explicit Connections(const std::string& path)
      : writer(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kBusyMilliseconds),
        reader(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kBusyMilliseconds),
        walker(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kBusyMilliseconds) {}
  Guarded<SQLite::Database> writer;
  Guarded<SQLite::Database> reader;
  Guarded<SQLite::Database> walker;  // for what takes long: nobody waits behind it
};

Index::Index(std::unique_ptr<Connections> connections) : connections_(std::move(connections)) {}
Index::~Index() = default;

Result<std::unique_ptr<Index>> Index::open(const std::string& path, bool durable) {
  const Status made = create_private_file(path);
  if (!made) return made.error();
  try {
    auto connections = std::make_unique<Connections>(path);
    const auto refused = connections->writer.with([&](auto& database) -> std::optional<Error> {
      const int version = database.execAndGet("PRAGMA user_version").getInt();
      if (version > kSchemaVersion) {
        return permanent_error("vault: " + path + ": written by a newer version: schema " +
                               std::to_string(version) + ", this program knows " +
                               std::to_string(kSchemaVersion));
      }
      const std::string mode = database.execAndGet("PRAGMA journal_mode = WAL").getString();
      if (mode != "wal") return permanent_error("vault: " + path + ": no WAL here, but " + mode);
      prepare_connection(database, durable);
      if (version < kSchemaVersion) bring_up_to_date(database);
      return std::nullopt;
    });
    if (refused) return *refused;
    connections->reader.with([&](auto& database) { prepare_connection(database, durable); });
    connections->walker.with([&](auto& database) { prepare_connection(database, durable); });
    return std::unique_ptr<Index>(new Index(std::move(connections)));
  } catch (const std::exception& error) {
    return permanent_error("vault: " + path + ": " + printable(error.what(), 200));
  }
}

std::optional<WriteFailure> Index::insert(const ports::VaultMessage& message, const BlobFacts& blob,
                                          WallTime now) {
  bool committing = false;
  try {
    connections_->writer.with([&](auto& database) {
      SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
      insert_message(database, message, blob, now);
      insert_copies(database, message);
      insert_outbox(database, message, now);
      committing = true;
      transaction.commit();
    });
    return std::nullopt;
  } catch (const SQLite::Exception& error) {
    if (error.getErrorCode() == SQLITE_CONSTRAINT) {
      return WriteFailure{permanent_error("vault: " + message.id + ": is stored already")};
    }
    return WriteFailure{describe("store", error), committing && may_be_written(error)};
  } catch (const std::exception& error) {
    return WriteFailure{describe("store", error), committing};
  }
}

Result<std::vector<ports::VaultRow>> Index::list(const ports::VaultFilter& filter) {
  try {
    return connections_->reader.with([&](auto& database) { return list_copies(database, filter); });
  } catch (const std::exception& error) {
    return describe("list", error);
  }
}

Result<std::optional<BlobFacts>> Index::find(const std::string& id) {
  try {
    return connections_->reader.with([&](auto& database) -> Result<std::optional<BlobFacts>> {
      SQLite::Statement query(database,
                              "SELECT sha256, size, format, stored_size FROM message WHERE id = ?");
      query.bind(1, id);
      if (!query.executeStep()) return std::optional<BlobFacts>();
      const std::string name = query.getColumn(2).getString();
      const auto format = blob_format_from(name);
      if (!format) {
        return permanent_error("vault: " + id + ": unknown format: " + printable(name, 32));
      }
      BlobFacts facts;
      facts.sha256 = query.getColumn(0).getString();
      facts.size = static_cast<std::uint64_t>(query.getColumn(1).getInt64());
      facts.stored_size = static_cast<std::uint64_t>(query.getColumn(3).getInt64());
      facts.format = *format;
      return std::optional(std::move(facts));
    });
  } catch (const std::exception& error) {
    return describe("find", error);
  }
}

Result<ports::VaultUsage> Index::usage() {
  try {
    return connections_->reader.with([](auto& database) -> Result<ports::VaultUsage> {
      SQLite::Statement query(database, "SELECT messages, copies, bytes FROM totals");
      if (!query.executeStep()) return permanent_error("vault: index: no totals");
      ports::VaultUsage usage;
      usage.messages = static_cast<std::uint64_t>(query.getColumn(0).getInt64());
      usage.rows = static_cast<std::uint64_t>(query.getColumn(1).getInt64());
      usage.bytes = static_cast<std::uint64_t>(query.getColumn(2).getInt64());
      return usage;
    });
  } catch (const std::exception& error) {
    return describe("usage", error);
  }
}

Result<std::vector<ports::OutboxEntry>> Index::outbox(std::optional<Due> due, std::size_t limit) {
  try {
    return connections_->reader.with(
        [&](auto& database) { return outbox_rows(database, due, limit); });
  } catch (const std::exception& error) {
    return describe("outbox", error);
  }
}

Result<std::optional<std::string>> Index::outbox_body(std::int64_t row) {
  try {
    return connections_->reader.with(
        [&](auto& database) { return vault::outbox_body(database, row); });
  } catch (const std::exception& error) {
    return describe("outbox", error);
  }
}

Result<bool> Index::forget_outbox(std::int64_t row, const std::string& id,
                                  const std::function<Status()>& before_commit) {
  try {
    return connections_->writer.with([&](auto& database) -> Result<bool> {
      SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
      if (!delete_outbox_row(database, row)) return false;
      const bool is_gone = delete_message_if_unneeded(database, id);
      if (is_gone) {
        if (Status ready = before_commit(); !ready) return ready.error();
      }
      transaction.commit();
      return is_gone;
    });
  } catch (const std::exception& error) {
    return describe("outbox", error);
  }
}

Status Index::note_attempt(std::int64_t row, std::optional<WallTime> next, std::string_view why) {
  try {
    connections_->writer.with(
        [&](auto& database) { vault::note_attempt(database, row, next, why); });
    return success();
  } catch (const std::exception& error) {
    return describe("outbox", error);
  }
}

Result<std::size_t> Index::retry_outbox(WallTime now) {
  try {
    return connections_->writer.with(
        [&](auto& database) { return vault::retry_outbox(database, now); });
  } catch (const std::exception& error) {
    return describe("outbox", error);
  }
}

Result<ports::OutboxStanding> Index::outbox_standing(Way way) {
  try {
    return connections_->reader.with(
        [way](auto& database) { return vault::outbox_standing(database, way); });
  } catch (const std::exception& error) {
    return describe("outbox", error);
  }
}

Result<ports::VaultPage> Index::walk(const ports::VaultFilter& filter,
                                     const std::optional<ports::VaultCursor>& after) {
  try {
    return connections_->walker.with(
        [&](auto& database) { return walk_copies(database, filter, after); });
  } catch (const std::exception& error) {
    return describe("walk", error);
  }
}

Result<std::uint64_t> Index::count(const ports::VaultFilter& filter) {
  return read(connections_->walker, "count",
              [&](auto& database) { return count_copies(database, filter); });
}

Result<ports::VaultPage> Index::ended(WallTime now, const std::optional<ports::VaultCursor>& after,
                                      std::size_t limit) {
  try {
    return connections_->walker.with(
        [&](auto& database) { return ended_copies(database, now, after, limit); });
  } catch (const std::exception& error) {
    return describe("ended", error);
  }
}

Status Index::set_ends(const std::vector<ports::VaultEnd>& ends) {
  if (ends.empty()) return success();
  const auto written = write(connections_->writer, "ends", [&](auto& database) {
    vault::set_ends(database, ends);
    return true;
  });
  if (!written) return written.error();
  return success();
}

Index::RemoveOutcome Index::remove(const std::vector<std::int64_t>& rows,
                                   const std::vector<std::string>& also,
                                   const std::optional<ports::VaultAct>& act,
                                   const BeforeCommit& before_commit) {
  return remove_with(
      connections_->writer,
      [&](SQLite::Database& database) { return remove_copies(database, rows, also, act); },
      before_commit);
}

Index::RemoveOutcome Index::drop_message(const std::string& id, const ports::VaultAct& act) {
  return remove_with(
      connections_->writer,
      [&](SQLite::Database& database) { return vault::drop_message(database, id, act); },
      [](const auto&) { return success(); });
}

Result<std::vector<ports::RowRelease>> Index::release(const std::vector<std::int64_t>& rows,
                                                      const ports::VaultAct& act) {
  return write(connections_->writer, "release",
               [&](auto& database) { return release_copies(database, rows, act); });
}

Result<std::vector<ports::VaultRecord>> Index::records(const std::optional<std::string>& id,
                                                       std::size_t limit) {
  return read(connections_->reader, "records",
              [&](auto& database) { return vault::records(database, id, limit); });
}

Status Index::forget_records(WallTime before) {
  const auto written = write(connections_->writer, "records", [&](auto& database) {
    vault::forget_records(database, before);
    return true;
  });
  if (!written) return written.error();
  return success();
}

Result<std::vector<CheckedMessage>> Index::messages_after(const std::string& id,
                                                          std::size_t limit) {
  return read(connections_->walker, "check",
              [&](auto& database) { return vault::messages_after(database, id, limit); });
}

Result<std::optional<std::string>> Index::fault_of_index() {
  return read(connections_->walker, "check",
              [](auto& database) { return vault::fault_of_index(database); });
}

Result<std::optional<std::string>> Index::fault_of_totals() {
  return read(connections_->walker, "check",
              [](auto& database) { return vault::fault_of_totals(database); });
}

Status Index::count_totals_again() {
  const auto written = write(connections_->writer, "totals", [](auto& database) {
    vault::count_totals_again(database);
    return true;
  });
  if (!written) return written.error();
  return success();
}

}  // namespace postern::vault
