#include "adapters/vault/upkeep_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <set>

#include "adapters/vault/outbox_rows.h"
#include "adapters/vault/stored_time.h"

namespace postern::vault {
namespace {

constexpr std::size_t kMostRecords = 10'000;
constexpr int kMostForgottenAtOnce = 1'000;

// A statement that is run once for each of many rows.
SQLite::Statement& with_row(SQLite::Statement& statement, std::int64_t row) {
  statement.reset();
  statement.bind(1, row);
  return statement;
}

class Recorder {
 public:
  Recorder(SQLite::Database& database, const ports::VaultAct& act, const char* what)
      : act_(act),
        what_(what),
        insert_(database,
                "INSERT INTO audit (at, who, what, id, recipient, purpose, mail_class)"
                " SELECT ?, ?, ?, id, recipient, purpose, mail_class FROM copy WHERE row = ?") {}
  void record(std::int64_t row) {
    insert_.reset();
    insert_.bind(1, to_stored(act_.when));
    insert_.bind(2, act_.who);
    insert_.bind(3, what_);
    insert_.bind(4, row);
    insert_.exec();
  }

 private:
  const ports::VaultAct& act_;
  const char* what_;
  SQLite::Statement insert_;
};

void remove_unneeded(SQLite::Database& database, const std::string& id, Removed& removed) {
  SQLite::Statement size(database, "SELECT stored_size FROM message WHERE id = ?");
  size.bind(1, id);
  if (!size.executeStep()) return;
  const auto bytes = static_cast<std::uint64_t>(size.getColumn(0).getInt64());
  if (!delete_message_if_unneeded(database, id)) return;
  ++removed.sums.messages;
  removed.sums.bytes += bytes;
  removed.ids.push_back(id);
}

}  // namespace

void set_ends(SQLite::Database& database, const std::vector<ports::VaultEnd>& ends) {
  SQLite::Statement update(database, "UPDATE copy SET expires = ? WHERE row = ?");
  for (const ports::VaultEnd& end : ends) {
    update.reset();
    update.clearBindings();  // an unbound parameter is NULL: never
    if (end.expires) update.bind(1, to_stored(*end.expires));
    update.bind(2, end.row);
    update.exec();
  }
}

Removed remove_copies(SQLite::Database& database, const std::vector<std::int64_t>& rows,
                      const std::vector<std::string>& also,
                      const std::optional<ports::VaultAct>& act) {
  std::optional<Recorder> recorder;
  if (act) recorder.emplace(database, *act, "delete");
  SQLite::Statement find(database, "SELECT id FROM copy WHERE row = ?");
  SQLite::Statement releases(database, "DELETE FROM release WHERE row = ?");
  SQLite::Statement copies(database, "DELETE FROM copy WHERE row = ?");
  Removed removed;
  std::set<std::string> ids(also.begin(), also.end());
  for (const std::int64_t row : rows) {
    if (!with_row(find, row).executeStep()) continue;
    ids.insert(find.getColumn(0).getString());
    find.reset();
    if (recorder) recorder->record(row);
    with_row(releases, row).exec();
    with_row(copies, row).exec();
    ++removed.sums.rows;
  }
  for (const std::string& id : ids) remove_unneeded(database, id, removed);
  return removed;
}

Removed drop_message(SQLite::Database& database, const std::string& id,
                     const ports::VaultAct& act) {
  std::vector<std::int64_t> rows;
  {
    SQLite::Statement find(database, "SELECT row FROM copy WHERE id = ?");
    find.bind(1, id);
    while (find.executeStep()) rows.push_back(find.getColumn(0).getInt64());
  }
  Recorder recorder(database, act, "lost");
  for (const std::int64_t row : rows) recorder.record(row);
  SQLite::Statement outbox(database, "DELETE FROM outbox WHERE id = ? AND body IS NULL");
  outbox.bind(1, id);
  outbox.exec();
  return remove_copies(database, rows, {id}, std::nullopt);
}

std::vector<ports::RowRelease> release_copies(SQLite::Database& database,
                                              const std::vector<std::int64_t>& rows,
                                              const ports::VaultAct& act) {
  // A mailbox may have a quarantine and an archive copy of one message: it gets it once.
  SQLite::Statement find(
      database,
      "SELECT c.id, c.recipient, m.sender, m.eight_bit, m.smtputf8,"
      " EXISTS (SELECT 1 FROM copy AS other JOIN release ON release.row = other.row"
      "         WHERE other.id = c.id AND other.recipient = c.recipient)"
      " FROM copy AS c JOIN message AS m ON m.id = c.id WHERE c.row = ?");
  SQLite::Statement insert(database, "INSERT INTO release (row, at, who) VALUES (?, ?, ?)");
  Recorder recorder(database, act, "release");
  std::vector<ports::RowRelease> outcomes;
  for (const std::int64_t row : rows) {
    if (!with_row(find, row).executeStep()) {
      outcomes.push_back(ports::RowRelease::gone);
      continue;
    }
    if (find.getColumn(5).getInt() != 0) {
      outcomes.push_back(ports::RowRelease::already_released);
      continue;
    }
    ports::VaultMessage message;
    message.id = find.getColumn(0).getString();
    ports::OutboxCopy copy;
    copy.recipients = {{find.getColumn(1).getString(), "", ""}};
    copy.sender = find.getColumn(2).getString();
    copy.eight_bit = find.getColumn(3).getInt() != 0;
    copy.smtputf8 = find.getColumn(4).getInt() != 0;
    find.reset();
    message.outbox = {std::move(copy)};
    insert_outbox(database, message, act.when);
    insert.reset();
    insert.bind(1, row);
    insert.bind(2, to_stored(act.when));
    insert.bind(3, act.who);
    insert.exec();
    recorder.record(row);
    outcomes.push_back(ports::RowRelease::released);
  }
  return outcomes;
}

std::vector<ports::VaultRecord> records(SQLite::Database& database,
                                        const std::optional<std::string>& id, std::size_t limit) {
  std::string text = "SELECT at, who, what, id, recipient, purpose, mail_class FROM audit";
  if (id) text += " WHERE id = ?";
  SQLite::Statement query(database, text + " ORDER BY number DESC LIMIT ?");
  int at = 0;
  if (id) query.bind(++at, *id);
  query.bind(++at, static_cast<std::int64_t>(std::min(limit, kMostRecords)));
  std::vector<ports::VaultRecord> found;
  while (query.executeStep()) {
    const auto text_at = [&](int column) { return query.getColumn(column).getString(); };
    found.push_back({{text_at(1), from_stored(query.getColumn(0).getInt64())},
                     text_at(2),
                     text_at(3),
                     text_at(4),
                     text_at(5),
                     text_at(6)});
  }
  return found;
}

void forget_records(SQLite::Database& database, WallTime before) {
  SQLite::Statement forget(database,
                           "DELETE FROM audit WHERE number IN"
                           " (SELECT number FROM audit WHERE at < ? ORDER BY at LIMIT ?)");
  forget.bind(1, to_stored(before));
  forget.bind(2, kMostForgottenAtOnce);
  forget.exec();
}

std::vector<CheckedMessage> messages_after(SQLite::Database& database, const std::string& id,
                                           std::size_t limit) {
  SQLite::Statement query(database,
                          "SELECT id, EXISTS (SELECT 1 FROM copy WHERE copy.id = message.id)"
                          " OR EXISTS (SELECT 1 FROM outbox WHERE outbox.id = message.id)"
                          " FROM message WHERE id > ? ORDER BY id LIMIT ?");
  query.bind(1, id);
  query.bind(2, static_cast<std::int64_t>(limit));
  std::vector<CheckedMessage> messages;
  while (query.executeStep()) {
    messages.push_back({query.getColumn(0).getString(), query.getColumn(1).getInt() != 0});
  }
  return messages;
}

std::optional<std::string> fault_of_index(SQLite::Database& database) {
  SQLite::Statement query(database, "PRAGMA quick_check(1)");
  if (!query.executeStep()) return "no answer to quick_check";
  std::string answer = query.getColumn(0).getString();
  if (answer == "ok") return std::nullopt;
  return answer;
}

std::optional<std::string> fault_of_totals(SQLite::Database& database) {
  // One statement sees one state, whatever is stored meanwhile.
  SQLite::Statement query(database,
                          "SELECT messages, copies, bytes, (SELECT count(*) FROM message),"
                          " (SELECT count(*) FROM copy),"
                          " (SELECT coalesce(sum(stored_size), 0) FROM message) FROM totals");
  if (!query.executeStep()) return "there are no sums";
  std::string told;
  std::string counted;
  for (int column = 0; column < 3; ++column) {
    told += " " + std::to_string(query.getColumn(column).getInt64());
    counted += " " + std::to_string(query.getColumn(column + 3).getInt64());
  }
  if (told == counted) return std::nullopt;
  return "messages, rows and octets are said to be" + told + ", counted are" + counted;
}

void count_totals_again(SQLite::Database& database) {
  database.exec(
      "UPDATE totals SET messages = (SELECT count(*) FROM message),"
      " copies = (SELECT count(*) FROM copy),"
      " bytes = (SELECT coalesce(sum(stored_size), 0) FROM message)");
}

}  // namespace postern::vault
