#include "adapters/vault/index.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <limits>
#include <system_error>

#include "adapters/vault/expiry.h"
#include "adapters/vault/outbox_table.h"
#include "adapters/vault/schema.h"
#include "base/guarded.h"
#include "base/text.h"
#include "base/unique_fd.h"

namespace postern::vault {
namespace {

// Another program may be reading or, with the sqlite3 shell, writing.
constexpr int kBusyMilliseconds = 5000;
constexpr std::size_t kMostRowsListed = 10'000;
constexpr std::uint64_t kMostRowsSkipped = std::numeric_limits<std::int64_t>::max();

std::int64_t to_stored(WallTime time) {
  return std::chrono::floor<Milliseconds>(time.time_since_epoch()).count();
}
WallTime from_stored(std::int64_t milliseconds) { return WallTime(Milliseconds(milliseconds)); }

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

// Creates the tables, or adds those that a newer version brought: all of it or nothing.
void bring_up_to_date(SQLite::Database& database) {
  SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
  // Asked again under the lock: another process may have been quicker.
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (version < 1) database.exec(kSchema);
  if (version < 2) database.exec(kOutboxSchema);
  if (version < kSchemaVersion) {
    database.exec("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  }
  transaction.commit();
}

void prepare_connection(SQLite::Database& database, bool durable) {
  database.exec("PRAGMA foreign_keys = ON");
  // NORMAL syncs at checkpoints only: a power cut may lose the latest rows but never the file.
  database.exec(durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

// A condition of list(): its text is a literal, its value is bound.
struct Condition {
  const char* text;
  std::string value;
};

std::vector<Condition> conditions_of(const ports::VaultFilter& filter) {
  std::vector<Condition> conditions;
  if (filter.id) conditions.push_back({"c.id = ?", *filter.id});
  if (filter.recipient) conditions.push_back({"c.recipient = ?", *filter.recipient});
  if (filter.domain) conditions.push_back({"c.domain = ?", *filter.domain});
  if (filter.purpose) {
    conditions.push_back({"c.purpose = ?", std::string(to_string(*filter.purpose))});
  }
  if (filter.mail_class) {
    conditions.push_back({"c.mail_class = ?", std::string(to_string(*filter.mail_class))});
  }
  return conditions;
}

constexpr const char* kListColumns =
    "SELECT c.row, c.id, c.recipient, c.domain, c.purpose, c.mail_class, c.reason, c.duration,"
    " c.expires, m.sender, m.client, m.queue_id, m.subject, m.score, m.virus, m.eight_bit,"
    " m.smtputf8, m.generation, m.size, c.received, r.at, r.who"
    " FROM copy AS c JOIN message AS m ON m.id = c.id"
    " LEFT JOIN release AS r"
    " ON r.number = (SELECT max(number) FROM release WHERE release.row = c.row)";

Result<ports::VaultRow> read_row(SQLite::Statement& query) {
  int column = 0;
  const auto text = [&] { return query.getColumn(column++).getString(); };
  const auto number = [&] { return query.getColumn(column++).getInt64(); };
  const auto optional_number = [&]() -> std::optional<std::int64_t> {
    const SQLite::Column value = query.getColumn(column++);
    if (value.isNull()) return std::nullopt;
    return value.getInt64();
  };

  ports::VaultRow row;
  row.row = number();
  row.id = text();
  row.copy.recipient = text();
  row.copy.domain = text();
  const std::string purpose = text();
  const std::string mail_class = text();
  row.copy.reason = text();
  row.copy.duration = static_cast<int>(number());
  if (const auto expires = optional_number()) row.expires = from_stored(*expires);
  row.sender = text();
  row.client = text();
  row.queue_id = text();
  row.subject = text();
  row.score = optional_number();
  row.virus = text();
  row.eight_bit = number() != 0;
  row.smtputf8 = number() != 0;
  row.generation = static_cast<std::uint64_t>(number());
  row.size = static_cast<std::uint64_t>(number());
  row.received = from_stored(number());
  if (const auto released = optional_number()) row.released = from_stored(*released);
  row.released_by = text();

  const auto known_purpose = ports::purpose_from(purpose);
  const auto known_class = decide::mail_class_from(mail_class);
  if (!known_purpose || !known_class) {
    return permanent_error("vault: index: row " + std::to_string(row.row) +
                           ": unknown purpose or class: " + printable(purpose, 32) + ", " +
                           printable(mail_class, 32));
  }
  row.copy.purpose = *known_purpose;
  row.copy.mail_class = *known_class;
  return row;
}

void insert_message(SQLite::Database& database, const ports::VaultMessage& message,
                    const BlobFacts& blob, WallTime now) {
  SQLite::Statement insert(database,
                           "INSERT INTO message VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  int at = 0;
  insert.bind(++at, message.id);
  insert.bind(++at, blob.sha256.data(), static_cast<int>(blob.sha256.size()));
  insert.bind(++at, static_cast<std::int64_t>(blob.size));
  insert.bind(++at, std::string(to_string(blob.format)));
  insert.bind(++at, message.sender);
  insert.bind(++at, message.client);
  insert.bind(++at, message.helo);
  insert.bind(++at, message.queue_id);
  insert.bind(++at, message.subject);
  ++at;  // an unbound parameter is NULL
  if (message.score) insert.bind(at, *message.score);
  insert.bind(++at, message.virus);
  insert.bind(++at, message.eight_bit ? 1 : 0);
  insert.bind(++at, message.smtputf8 ? 1 : 0);
  insert.bind(++at, static_cast<std::int64_t>(message.generation));
  insert.bind(++at, to_stored(message.received));
  insert.bind(++at, to_stored(now));
  insert.exec();
}

void insert_copies(SQLite::Database& database, const ports::VaultMessage& message) {
  SQLite::Statement insert(
      database,
      "INSERT INTO copy (id, recipient, domain, purpose, mail_class, reason, duration, received,"
      " expires) VALUES (?,?,?,?,?,?,?,?,?)");
  for (const ports::VaultCopy& copy : message.copies) {
    insert.reset();
    insert.clearBindings();
    int at = 0;
    insert.bind(++at, message.id);
    insert.bind(++at, copy.recipient);
    insert.bind(++at, copy.domain);
    insert.bind(++at, std::string(to_string(copy.purpose)));
    insert.bind(++at, std::string(to_string(copy.mail_class)));
    insert.bind(++at, copy.reason);
    insert.bind(++at, copy.duration);
    insert.bind(++at, to_stored(message.received));
    ++at;
    const auto expires = expiry_of(copy.purpose, copy.duration, message.received);
    if (expires) insert.bind(at, to_stored(*expires));
    insert.exec();
  }
}

}  // namespace

std::string_view to_string(BlobFormat format) {
  switch (format) {
    case BlobFormat::plain:
      return "plain";
  }
  return "";
}

struct Index::Connections {
  explicit Connections(const std::string& path)
      : writer(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kBusyMilliseconds),
        reader(path, SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX, kBusyMilliseconds) {}
  Guarded<SQLite::Database> writer;
  Guarded<SQLite::Database> reader;
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
    return std::unique_ptr<Index>(new Index(std::move(connections)));
  } catch (const std::exception& error) {
    return permanent_error("vault: " + path + ": " + printable(error.what(), 200));
  }
}

std::optional<InsertFailure> Index::insert(const ports::VaultMessage& message,
                                           const BlobFacts& blob, WallTime now) {
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
      return InsertFailure{permanent_error("vault: " + message.id + ": is stored already")};
    }
    return InsertFailure{describe("store", error), committing && may_be_written(error)};
  } catch (const std::exception& error) {
    return InsertFailure{describe("store", error), committing};
  }
}

Result<std::vector<ports::VaultRow>> Index::list(const ports::VaultFilter& filter) {
  const std::vector<Condition> conditions = conditions_of(filter);
  std::string text = kListColumns;
  const char* joint = " WHERE ";
  for (const Condition& condition : conditions) {
    text += joint;
    text += condition.text;
    joint = " AND ";
  }
  text += " ORDER BY c.received DESC, c.row DESC LIMIT ? OFFSET ?";
  try {
    return connections_->reader.with([&](auto& database) -> Result<std::vector<ports::VaultRow>> {
      SQLite::Statement query(database, text);
      int at = 0;
      for (const Condition& condition : conditions) query.bind(++at, condition.value);
      query.bind(++at, static_cast<std::int64_t>(std::min(filter.limit, kMostRowsListed)));
      query.bind(++at, static_cast<std::int64_t>(
                           std::min<std::uint64_t>(filter.offset, kMostRowsSkipped)));
      std::vector<ports::VaultRow> rows;
      while (query.executeStep()) {
        auto row = read_row(query);
        if (!row) return row.error();
        rows.push_back(std::move(*row));
      }
      return rows;
    });
  } catch (const std::exception& error) {
    return describe("list", error);
  }
}

Result<std::optional<BlobFacts>> Index::find(const std::string& id) {
  try {
    return connections_->reader.with([&](auto& database) -> Result<std::optional<BlobFacts>> {
      SQLite::Statement query(database, "SELECT sha256, size, format FROM message WHERE id = ?");
      query.bind(1, id);
      if (!query.executeStep()) return std::optional<BlobFacts>();
      const std::string format = query.getColumn(2).getString();
      if (format != to_string(BlobFormat::plain)) {
        return permanent_error("vault: " + id + ": unknown format: " + printable(format, 32));
      }
      BlobFacts facts;
      facts.sha256 = query.getColumn(0).getString();
      facts.size = static_cast<std::uint64_t>(query.getColumn(1).getInt64());
      return std::optional(std::move(facts));
    });
  } catch (const std::exception& error) {
    return describe("find", error);
  }
}

Status Index::mark_released(std::int64_t row, WallTime when, std::string_view who) {
  try {
    return connections_->writer.with([&](auto& database) -> Status {
      SQLite::Statement insert(
          database, "INSERT INTO release (row, at, who) SELECT row, ?, ? FROM copy WHERE row = ?");
      insert.bind(1, to_stored(when));
      insert.bind(2, std::string(who));
      insert.bind(3, row);
      if (insert.exec() == 1) return success();
      return permanent_error("vault: row " + std::to_string(row) + ": no such row");
    });
  } catch (const std::exception& error) {
    return describe("release", error);
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

Status Index::write(std::string_view what, const std::function<void(SQLite::Database&)>& work) {
  try {
    connections_->writer.with([&](auto& database) { work(database); });
    return success();
  } catch (const std::exception& error) {
    return describe(what, error);
  }
}

Status Index::read(std::string_view what, const std::function<void(SQLite::Database&)>& work) {
  try {
    connections_->reader.with([&](auto& database) { work(database); });
    return success();
  } catch (const std::exception& error) {
    return describe(what, error);
  }
}

}  // namespace postern::vault
