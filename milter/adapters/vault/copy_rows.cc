#include "adapters/vault/copy_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <limits>

#include "adapters/vault/expiry.h"
#include "adapters/vault/stored_time.h"
#include "base/text.h"

namespace postern::vault {
namespace {

constexpr std::size_t kMostRowsListed = 10'000;
constexpr std::uint64_t kMostRowsSkipped = std::numeric_limits<std::int64_t>::max();

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
    " m.smtputf8, m.generation, m.size, m.stored_size, c.received, r.at, r.who"
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
  row.stored_size = static_cast<std::uint64_t>(number());
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

}  // namespace

void insert_message(SQLite::Database& database, const ports::VaultMessage& message,
                    const BlobFacts& blob, WallTime now) {
  SQLite::Statement insert(
      database,
      "INSERT INTO message (id, sha256, size, format, sender, client, helo, queue_id, subject,"
      " score, virus, eight_bit, smtputf8, generation, received, stored, stored_size)"
      " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
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
  insert.bind(++at, static_cast<std::int64_t>(blob.stored_size));
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

Result<std::vector<ports::VaultRow>> list_copies(SQLite::Database& database,
                                                 const ports::VaultFilter& filter) {
  const std::vector<Condition> conditions = conditions_of(filter);
  std::string text = kListColumns;
  const char* joint = " WHERE ";
  for (const Condition& condition : conditions) {
    text += joint;
    text += condition.text;
    joint = " AND ";
  }
  text += " ORDER BY c.received DESC, c.row DESC LIMIT ? OFFSET ?";
  SQLite::Statement query(database, text);
  int at = 0;
  for (const Condition& condition : conditions) query.bind(++at, condition.value);
  query.bind(++at, static_cast<std::int64_t>(std::min(filter.limit, kMostRowsListed)));
  query.bind(++at,
             static_cast<std::int64_t>(std::min<std::uint64_t>(filter.offset, kMostRowsSkipped)));
  std::vector<ports::VaultRow> rows;
  while (query.executeStep()) {
    auto row = read_row(query);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return rows;
}

}  // namespace postern::vault
