#include "adapters/vault/outbox_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapters/vault/stored_time.h"
#include "base/text.h"

namespace postern::vault {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestError = 500;
constexpr std::size_t kMostRows = 100'000;

// Addresses may hold octets that are no UTF-8: they go in as they are and come out as they were.
std::string as_text(const std::vector<ports::SubmissionRecipient>& recipients) {
  json list = json::array();
  for (const auto& one : recipients) {
    list.push_back(json::binary({one.address.begin(), one.address.end()}));
    list.push_back(one.notify);
    list.push_back(one.orcpt);
  }
  const auto bytes = json::to_cbor(list);
  return {bytes.begin(), bytes.end()};
}

std::vector<ports::SubmissionRecipient> recipients_from(const std::string& stored) {
  std::vector<ports::SubmissionRecipient> recipients;
  const json list = json::from_cbor(stored);
  for (std::size_t i = 0; i + 2 < list.size(); i += 3) {
    const auto& address = list[i].get_binary();
    recipients.push_back({std::string(address.begin(), address.end()),
                          list[i + 1].get<std::string>(), list[i + 2].get<std::string>()});
  }
  return recipients;
}

constexpr const char* kColumns =
    "SELECT row, id, sender, recipients, header, eight_bit, smtputf8, ret, envid, since, attempts,"
    " next, error, given_up, copy IS NOT NULL FROM outbox";

ports::OutboxEntry read_entry(SQLite::Statement& query) {
  int column = 0;
  const auto text = [&] { return query.getColumn(column++).getString(); };
  const auto number = [&] { return query.getColumn(column++).getInt64(); };
  ports::OutboxEntry entry;
  entry.row = number();
  entry.id = text();
  entry.copy.sender = text();
  entry.copy.recipients = recipients_from(text());
  entry.copy.header = text();
  entry.copy.eight_bit = number() != 0;
  entry.copy.smtputf8 = number() != 0;
  entry.copy.ret = text();
  entry.copy.envid = text();
  entry.since = from_stored(number());
  entry.attempts = static_cast<int>(number());
  entry.next = from_stored(number());
  entry.last_error = text();
  entry.given_up = number() != 0;
  entry.into_mailbox = number() != 0;
  return entry;
}

void bind_bytes(SQLite::Statement& insert, int at, const std::string& bytes) {
  insert.bind(at, bytes.data(), static_cast<int>(bytes.size()));
}

void insert_leaving(SQLite::Database& database, const ports::VaultMessage& message, WallTime now) {
  if (message.outbox.empty()) return;
  SQLite::Statement insert(
      database,
      "INSERT INTO outbox (id, sender, recipients, header, body, eight_bit, smtputf8, ret, envid,"
      " since, next) VALUES (?,?,?,?,?,?,?,?,?,?,?)");
  for (const ports::OutboxCopy& copy : message.outbox) {
    insert.reset();
    insert.clearBindings();
    int at = 0;
    insert.bind(++at, message.id);
    insert.bind(++at, copy.sender);
    bind_bytes(insert, ++at, as_text(copy.recipients));
    bind_bytes(insert, ++at, copy.header);
    ++at;  // an unbound parameter is NULL: the message's own body
    if (copy.body) bind_bytes(insert, at, *copy.body);
    insert.bind(++at, copy.eight_bit ? 1 : 0);
    insert.bind(++at, copy.smtputf8 ? 1 : 0);
    insert.bind(++at, copy.ret);
    insert.bind(++at, copy.envid);
    insert.bind(++at, to_stored(now));
    insert.bind(++at, to_stored(now));
    insert.exec();
  }
}

void insert_mailbox_copies(SQLite::Database& database, const ports::VaultMessage& message,
                           WallTime now) {
  const bool any = std::any_of(message.copies.begin(), message.copies.end(),
                               [](const auto& copy) { return !copy.mailbox.empty(); });
  if (!any) return;
  SQLite::Statement insert(
      database,
      "INSERT INTO outbox (id, sender, recipients, header, eight_bit, smtputf8, ret, envid, since,"
      " next, copy) SELECT ?1, ?2, ?3, ?4, ?5, ?6, '', '', ?7, ?7, max(row) FROM copy"
      " WHERE id = ?1 AND recipient = ?8 AND purpose = ?9");
  for (const ports::VaultCopy& copy : message.copies) {
    if (copy.mailbox.empty()) continue;
    insert.reset();
    insert.bind(1, message.id);
    insert.bind(2, message.sender);
    bind_bytes(insert, 3, as_text({{copy.mailbox, "", ""}}));
    bind_bytes(insert, 4, message.mailbox_header);
    insert.bind(5, message.eight_bit ? 1 : 0);
    insert.bind(6, message.smtputf8 ? 1 : 0);
    insert.bind(7, to_stored(now));
    insert.bind(8, copy.recipient);
    insert.bind(9, std::string(to_string(copy.purpose)));
    insert.exec();
  }
}

}  // namespace

void insert_outbox(SQLite::Database& database, const ports::VaultMessage& message, WallTime now) {
  insert_leaving(database, message, now);
  insert_mailbox_copies(database, message, now);
}

std::vector<ports::OutboxEntry> outbox_rows(SQLite::Database& database, std::optional<Due> due,
                                            std::size_t limit) {
  std::string text = kColumns;
  if (due) text += " WHERE (copy IS NULL) = ? AND given_up = 0 AND next <= ?";
  text += " ORDER BY since, row LIMIT ?";
  SQLite::Statement query(database, text);
  int at = 0;
  if (due) {
    query.bind(++at, due->way == Way::mta ? 1 : 0);
    query.bind(++at, to_stored(due->at));
  }
  query.bind(++at, static_cast<std::int64_t>(std::min(limit, kMostRows)));
  std::vector<ports::OutboxEntry> entries;
  while (query.executeStep()) entries.push_back(read_entry(query));
  return entries;
}

std::optional<std::string> outbox_body(SQLite::Database& database, std::int64_t row) {
  SQLite::Statement query(database, "SELECT body FROM outbox WHERE row = ?");
  query.bind(1, row);
  if (!query.executeStep() || query.getColumn(0).isNull()) return std::nullopt;
  return query.getColumn(0).getString();
}

bool delete_outbox_row(SQLite::Database& database, std::int64_t row) {
  SQLite::Statement forget(database, "DELETE FROM outbox WHERE row = ?");
  forget.bind(1, row);
  return forget.exec() > 0;
}

bool delete_message_if_unneeded(SQLite::Database& database, const std::string& id) {
  SQLite::Statement remove(database,
                           "DELETE FROM message WHERE id = ?1"
                           " AND NOT EXISTS (SELECT 1 FROM copy WHERE copy.id = ?1)"
                           " AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.id = ?1)");
  remove.bind(1, id);
  return remove.exec() > 0;
}

void note_attempt(SQLite::Database& database, std::int64_t row, std::optional<WallTime> next,
                  std::string_view why) {
  SQLite::Statement update(database,
                           "UPDATE outbox SET attempts = attempts + 1, error = ?, given_up = ?,"
                           " next = coalesce(?, next) WHERE row = ?");
  update.bind(1, printable(why, kLongestError));
  update.bind(2, next ? 0 : 1);
  if (next) update.bind(3, to_stored(*next));
  update.bind(4, row);
  update.exec();
}

std::size_t retry_outbox(SQLite::Database& database, WallTime now) {
  SQLite::Statement update(database, "UPDATE outbox SET given_up = 0, next = ?");
  update.bind(1, to_stored(now));
  return static_cast<std::size_t>(update.exec());
}

ports::OutboxStanding outbox_standing(SQLite::Database& database, Way way) {
  SQLite::Statement query(database,
                          "SELECT given_up, count(*), min(since) FROM outbox"
                          " WHERE (copy IS NULL) = ? GROUP BY given_up");
  query.bind(1, way == Way::mta ? 1 : 0);
  ports::OutboxStanding standing;
  while (query.executeStep()) {
    const auto count = static_cast<std::uint64_t>(query.getColumn(1).getInt64());
    if (query.getColumn(0).getInt() != 0) {
      standing.given_up = count;
    } else {
      standing.waiting = count;
      standing.oldest = from_stored(query.getColumn(2).getInt64());
    }
  }
  return standing;
}

}  // namespace postern::vault
