#include "adapters/vault/outbox_table.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <limits>

#include "base/text.h"

namespace postern::vault {
namespace {

constexpr std::size_t kMostRowsListed = 10'000;
constexpr std::size_t kLongestError = 500;

std::int64_t to_stored(WallTime time) {
  return std::chrono::floor<Milliseconds>(time.time_since_epoch()).count();
}
WallTime from_stored(std::int64_t milliseconds) { return WallTime(Milliseconds(milliseconds)); }

std::int64_t bounded(std::size_t number) {
  return static_cast<std::int64_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max()));
}

Error no_such_row(std::int64_t row) {
  return permanent_error("outbox: " + std::to_string(row) + ": no such copy");
}

void bind_blob(SQLite::Statement& statement, int at, const std::string& bytes) {
  statement.bind(at, bytes.data(), static_cast<int>(bytes.size()));
}

constexpr const char* kColumns =
    "SELECT row, id, sender, stored, due, attempts, last_error, given_up FROM outbox";

ports::OutboxRow read_row(SQLite::Statement& query) {
  ports::OutboxRow row;
  row.row = query.getColumn(0).getInt64();
  row.id = query.getColumn(1).getString();
  row.sender = query.getColumn(2).getString();
  row.stored = from_stored(query.getColumn(3).getInt64());
  row.due = from_stored(query.getColumn(4).getInt64());
  row.attempts = static_cast<std::uint32_t>(query.getColumn(5).getInt64());
  row.last_error = query.getColumn(6).getString();
  row.given_up = query.getColumn(7).getInt() != 0;
  return row;
}

std::vector<ports::SubmissionRecipient> recipients_of(SQLite::Database& database,
                                                      std::int64_t row) {
  SQLite::Statement query(
      database, "SELECT address, notify, orcpt FROM outbox_recipient WHERE row = ? ORDER BY rowid");
  query.bind(1, row);
  std::vector<ports::SubmissionRecipient> recipients;
  while (query.executeStep()) {
    recipients.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                          query.getColumn(2).getString()});
  }
  return recipients;
}

bool is_needed(SQLite::Database& database, const std::string& id) {
  SQLite::Statement query(database,
                          "SELECT EXISTS (SELECT 1 FROM copy WHERE id = ?1)"
                          " OR EXISTS (SELECT 1 FROM outbox WHERE id = ?1)");
  query.bind(1, id);
  return query.executeStep() && query.getColumn(0).getInt() != 0;
}

// The message and what is known of it; its file is named as doomed in the same transaction.
OutboxTable::Removed remove_message(SQLite::Database& database, const std::string& id) {
  OutboxTable::Removed removed{id, 0};
  SQLite::Statement size(database, "SELECT size FROM message WHERE id = ?");
  size.bind(1, id);
  if (size.executeStep()) removed.size = static_cast<std::uint64_t>(size.getColumn(0).getInt64());
  size.reset();
  SQLite::Statement doom(database, "INSERT OR IGNORE INTO doomed VALUES (?)");
  doom.bind(1, id);
  doom.exec();
  SQLite::Statement remove(database, "DELETE FROM message WHERE id = ?");
  remove.bind(1, id);
  remove.exec();
  return removed;
}

}  // namespace

void insert_outbox(SQLite::Database& database, const ports::VaultMessage& message, WallTime now) {
  if (message.outbox.empty()) return;
  SQLite::Statement insert(
      database,
      "INSERT INTO outbox (id, sender, header, body, eight_bit, smtputf8, ret, envid, stored, due)"
      " VALUES (?,?,?,?,?,?,?,?,?,?)");
  SQLite::Statement address(database, "INSERT INTO outbox_recipient VALUES (?,?,?,?)");
  for (const ports::OutboxCopy& copy : message.outbox) {
    insert.reset();
    insert.clearBindings();
    int at = 0;
    insert.bind(++at, message.id);
    insert.bind(++at, copy.sender);
    bind_blob(insert, ++at, copy.header);
    ++at;
    if (copy.body) bind_blob(insert, at, *copy.body);
    insert.bind(++at, copy.eight_bit ? 1 : 0);
    insert.bind(++at, copy.smtputf8 ? 1 : 0);
    insert.bind(++at, copy.ret);
    insert.bind(++at, copy.envid);
    insert.bind(++at, to_stored(now));
    insert.bind(++at, to_stored(now));
    insert.exec();
    const std::int64_t row = database.getLastInsertRowid();
    for (const ports::SubmissionRecipient& recipient : copy.recipients) {
      address.reset();
      address.bind(1, row);
      address.bind(2, recipient.address);
      address.bind(3, recipient.notify);
      address.bind(4, recipient.orcpt);
      address.exec();
    }
  }
}

Result<std::vector<ports::OutboxRow>> OutboxTable::due(WallTime now, WallTime horizon,
                                                       std::size_t limit) {
  std::vector<ports::OutboxRow> rows;
  const Status done = index_.read("outbox", [&](SQLite::Database& database) {
    SQLite::Statement query(database, std::string(kColumns) +
                                          " WHERE given_up = 0 AND (due <= ? OR due > ?)"
                                          " ORDER BY row LIMIT ?");
    query.bind(1, to_stored(now));
    query.bind(2, to_stored(horizon));
    query.bind(3, bounded(std::min(limit, kMostRowsListed)));
    while (query.executeStep()) rows.push_back(read_row(query));
  });
  if (!done) return done.error();
  return rows;
}

Result<std::vector<ports::OutboxRow>> OutboxTable::list(std::size_t limit, std::size_t offset) {
  std::vector<ports::OutboxRow> rows;
  const Status done = index_.read("outbox", [&](SQLite::Database& database) {
    SQLite::Statement query(database, std::string(kColumns) + " ORDER BY row LIMIT ? OFFSET ?");
    query.bind(1, bounded(std::min(limit, kMostRowsListed)));
    query.bind(2, bounded(offset));
    while (query.executeStep()) rows.push_back(read_row(query));
    for (ports::OutboxRow& row : rows) {
      for (auto& recipient : recipients_of(database, row.row)) {
        row.recipients.push_back(std::move(recipient.address));
      }
    }
  });
  if (!done) return done.error();
  return rows;
}

Result<OutboxTable::Stored> OutboxTable::fetch(std::int64_t row) {
  std::optional<Stored> found;
  const Status done = index_.read("outbox", [&](SQLite::Database& database) {
    SQLite::Statement query(database,
                            "SELECT id, sender, header, body, eight_bit, smtputf8, ret, envid"
                            " FROM outbox WHERE row = ?");
    query.bind(1, row);
    if (!query.executeStep()) return;
    Stored stored;
    stored.id = query.getColumn(0).getString();
    stored.copy.sender = query.getColumn(1).getString();
    stored.copy.header = query.getColumn(2).getString();
    if (!query.getColumn(3).isNull()) stored.copy.body = query.getColumn(3).getString();
    stored.copy.eight_bit = query.getColumn(4).getInt() != 0;
    stored.copy.smtputf8 = query.getColumn(5).getInt() != 0;
    stored.copy.ret = query.getColumn(6).getString();
    stored.copy.envid = query.getColumn(7).getString();
    stored.copy.recipients = recipients_of(database, row);
    found = std::move(stored);
  });
  if (!done) return done.error();
  if (!found) return no_such_row(row);
  return std::move(*found);
}

Result<std::optional<OutboxTable::Removed>> OutboxTable::remove(std::int64_t row) {
  bool found = false;
  std::optional<Removed> removed;
  const Status done = index_.write("outbox", [&](SQLite::Database& database) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement query(database, "SELECT id FROM outbox WHERE row = ?");
    query.bind(1, row);
    found = query.executeStep();
    if (!found) return;
    const std::string id = query.getColumn(0).getString();
    query.reset();
    SQLite::Statement remove(database, "DELETE FROM outbox WHERE row = ?");
    remove.bind(1, row);
    remove.exec();
    if (!is_needed(database, id)) removed = remove_message(database, id);
    transaction.commit();
  });
  if (!done) return done.error();
  if (!found) return no_such_row(row);
  return removed;
}

Result<std::vector<std::string>> OutboxTable::doomed() {
  std::vector<std::string> ids;
  const Status done = index_.read("doomed", [&](SQLite::Database& database) {
    SQLite::Statement query(database, "SELECT id FROM doomed");
    while (query.executeStep()) ids.push_back(query.getColumn(0).getString());
  });
  if (!done) return done.error();
  return ids;
}

Status OutboxTable::forget_doomed(const std::string& id) {
  return index_.write("doomed", [&](SQLite::Database& database) {
    SQLite::Statement remove(database, "DELETE FROM doomed WHERE id = ?");
    remove.bind(1, id);
    remove.exec();
  });
}

Status OutboxTable::postpone(std::int64_t row, WallTime due, std::string_view error) {
  return index_.write("outbox", [&](SQLite::Database& database) {
    SQLite::Statement update(
        database,
        "UPDATE outbox SET due = ?, last_error = ?, attempts = attempts + 1 WHERE row = ?");
    update.bind(1, to_stored(due));
    update.bind(2, printable(error, kLongestError));
    update.bind(3, row);
    update.exec();
  });
}

Status OutboxTable::give_up(std::int64_t row, std::string_view error) {
  return index_.write("outbox", [&](SQLite::Database& database) {
    SQLite::Statement update(
        database,
        "UPDATE outbox SET given_up = 1, last_error = ?, attempts = attempts + 1 WHERE row = ?");
    update.bind(1, printable(error, kLongestError));
    update.bind(2, row);
    update.exec();
  });
}

Result<std::uint64_t> OutboxTable::retry(std::optional<std::int64_t> row, WallTime now) {
  int changed = 0;
  const Status done = index_.write("outbox", [&](SQLite::Database& database) {
    SQLite::Statement update(database,
                             row ? "UPDATE outbox SET given_up = 0, due = ?1 WHERE row = ?2"
                                 : "UPDATE outbox SET given_up = 0, due = ?1");
    update.bind(1, to_stored(now));
    if (row) update.bind(2, *row);
    changed = update.exec();
  });
  if (!done) return done.error();
  if (row && changed == 0) return no_such_row(*row);
  return static_cast<std::uint64_t>(changed);
}

Result<ports::OutboxUsage> OutboxTable::usage() {
  ports::OutboxUsage usage;
  const Status done = index_.read("outbox", [&](SQLite::Database& database) {
    SQLite::Statement query(
        database, "SELECT count(*), min(stored), min(due) FROM outbox WHERE given_up = 0");
    if (query.executeStep()) {
      usage.waiting = static_cast<std::uint64_t>(query.getColumn(0).getInt64());
      if (usage.waiting > 0) {
        usage.oldest = from_stored(query.getColumn(1).getInt64());
        usage.next_due = from_stored(query.getColumn(2).getInt64());
      }
    }
    SQLite::Statement stuck(database, "SELECT count(*) FROM outbox WHERE given_up = 1");
    if (stuck.executeStep()) {
      usage.given_up = static_cast<std::uint64_t>(stuck.getColumn(0).getInt64());
    }
  });
  if (!done) return done.error();
  return usage;
}

}  // namespace postern::vault
