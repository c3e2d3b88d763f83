#include "adapters/vault/copy_rows.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <limits>
#include <variant>

#include "adapters/vault/stored_time.h"
#include "base/text.h"
#include "decide/keeping.h"

namespace postern::vault {
namespace {

constexpr std::size_t kMostRowsListed = 10'000;
constexpr std::size_t kMostRowsLookedAt = 2'000;
constexpr std::size_t kMostRowsOfAPage = 500;
constexpr std::uint64_t kMostRowsSkipped = std::numeric_limits<std::int64_t>::max();

// The columns that read_copy() reads, in its order.
constexpr const char* kColumns =
    "SELECT c.row, c.id, c.recipient, c.domain, c.purpose, c.mail_class, c.reason, c.duration,"
    " c.expires, m.sender, m.client, m.queue_id, m.subject, m.score, m.virus, m.eight_bit,"
    " m.smtputf8, m.generation, m.size, m.stored_size, c.received, r.at, r.who";
constexpr const char* kLatestRelease =
    " LEFT JOIN release AS r"
    " ON r.number = (SELECT max(number) FROM release WHERE release.row = c.row)";

// A condition: its text is a literal, its value is bound.
struct Condition {
  const char* text;
  std::variant<std::string, std::int64_t> value;
};

// Those that are of the copy and that an index knows.
std::vector<Condition> indexed_conditions_of(const ports::VaultFilter& filter) {
  std::vector<Condition> conditions;
  if (filter.id) conditions.push_back({"c.id = ?", *filter.id});
  if (filter.recipient) conditions.push_back({"c.recipient = ?", *filter.recipient});
  if (filter.domain) conditions.push_back({"c.domain = ?", *filter.domain});
  if (filter.mail_class) {
    conditions.push_back({"c.mail_class = ?", std::string(to_string(*filter.mail_class))});
  }
  if (filter.received_from) {
    conditions.push_back({"c.received >= ?", to_stored(*filter.received_from)});
  }
  if (filter.received_before) {
    conditions.push_back({"c.received < ?", to_stored(*filter.received_before)});
  }
  return conditions;
}

std::vector<Condition> other_conditions_of(const ports::VaultFilter& filter) {
  std::vector<Condition> conditions;
  if (filter.purpose) {
    conditions.push_back({"c.purpose = ?", std::string(to_string(*filter.purpose))});
  }
  if (filter.sender) conditions.push_back({"m.sender = ? COLLATE NOCASE", *filter.sender});
  return conditions;
}

std::vector<Condition> conditions_of(const ports::VaultFilter& filter) {
  auto conditions = indexed_conditions_of(filter);
  for (Condition& condition : other_conditions_of(filter)) {
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

std::string joined(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& condition : conditions) {
    text += text.empty() ? "" : " AND ";
    text += condition.text;
  }
  return text.empty() ? "1" : text;
}

// Answers the place of the next parameter.
int bind(SQLite::Statement& query, int at, const std::vector<Condition>& conditions) {
  for (const Condition& condition : conditions) {
    std::visit([&](const auto& value) { query.bind(at, value); }, condition.value);
    ++at;
  }
  return at;
}

Result<ports::VaultRow> read_copy(SQLite::Statement& query) {
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
    const auto expires = decide::expiry_of(copy.purpose, copy.duration, message.received);
    if (expires) insert.bind(at, to_stored(*expires));
    insert.exec();
  }
}

Result<std::vector<ports::VaultRow>> list_copies(SQLite::Database& database,
                                                 const ports::VaultFilter& filter) {
  const std::vector<Condition> conditions = conditions_of(filter);
  SQLite::Statement query(database, std::string(kColumns) +
                                        " FROM copy AS c JOIN message AS m ON m.id = c.id" +
                                        kLatestRelease + " WHERE " + joined(conditions) +
                                        " ORDER BY c.received DESC, c.row DESC LIMIT ? OFFSET ?");
  int at = bind(query, 1, conditions);
  query.bind(at++, static_cast<std::int64_t>(std::min(filter.limit, kMostRowsListed)));
  query.bind(at++,
             static_cast<std::int64_t>(std::min<std::uint64_t>(filter.offset, kMostRowsSkipped)));
  std::vector<ports::VaultRow> rows;
  while (query.executeStep()) {
    auto row = read_copy(query);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  return rows;
}

Result<ports::VaultPage> walk_copies(SQLite::Database& database, const ports::VaultFilter& filter,
                                     const std::optional<ports::VaultCursor>& after) {
  const std::vector<Condition> indexed = indexed_conditions_of(filter);
  const std::vector<Condition> others = other_conditions_of(filter);
  // The others are asked of each row that is looked at, so that their number stays bounded; CROSS JOIN
  // says that the copy comes first.
  SQLite::Statement query(database, std::string(kColumns) + ", " + joined(others) +
                                        " FROM copy AS c CROSS JOIN message AS m ON m.id = c.id" +
                                        kLatestRelease + " WHERE " + joined(indexed) +
                                        " AND c.received >= ? AND (c.received > ? OR c.row > ?)"
                                        " ORDER BY c.received, c.row LIMIT ?");
  int at = bind(query, bind(query, 1, others), indexed);
  const ports::VaultCursor from =
      after.value_or(ports::VaultCursor{std::numeric_limits<std::int64_t>::min(), 0});
  query.bind(at++, from.time);
  query.bind(at++, from.time);
  query.bind(at++, from.row);
  query.bind(at++, static_cast<std::int64_t>(kMostRowsLookedAt));
  ports::VaultPage page;
  std::size_t looked_at = 0;
  while (query.executeStep()) {
    auto row = read_copy(query);
    if (!row) return row.error();
    ++looked_at;
    page.next = ports::VaultCursor{to_stored(row->received), row->row};
    if (query.getColumn(query.getColumnCount() - 1).getInt() != 0) {
      page.rows.push_back(std::move(*row));
    }
    if (page.rows.size() == kMostRowsOfAPage) return page;
  }
  if (looked_at < kMostRowsLookedAt) page.next = std::nullopt;
  return page;
}

std::uint64_t count_copies(SQLite::Database& database, const ports::VaultFilter& filter) {
  const std::vector<Condition> conditions = conditions_of(filter);
  SQLite::Statement query(database, std::string("SELECT count(*) FROM copy AS c") +
                                        (filter.sender ? " JOIN message AS m ON m.id = c.id" : "") +
                                        " WHERE " + joined(conditions));
  bind(query, 1, conditions);
  query.executeStep();
  return static_cast<std::uint64_t>(query.getColumn(0).getInt64());
}

Result<ports::VaultPage> ended_copies(SQLite::Database& database, WallTime now,
                                      const std::optional<ports::VaultCursor>& after,
                                      std::size_t limit) {
  SQLite::Statement query(
      database, std::string(kColumns) + " FROM copy AS c CROSS JOIN message AS m ON m.id = c.id" +
                    kLatestRelease +
                    " WHERE c.expires IS NOT NULL AND c.expires <= ? AND c.expires >= ?"
                    " AND (c.expires > ? OR c.row > ?)"
                    " ORDER BY c.expires, c.row LIMIT ?");
  const ports::VaultCursor from =
      after.value_or(ports::VaultCursor{std::numeric_limits<std::int64_t>::min(), 0});
  const std::size_t most = std::min(limit, kMostRowsOfAPage);
  query.bind(1, to_stored(now));
  query.bind(2, from.time);
  query.bind(3, from.time);
  query.bind(4, from.row);
  query.bind(5, static_cast<std::int64_t>(most));
  ports::VaultPage page;
  while (query.executeStep()) {
    auto row = read_copy(query);
    if (!row) return row.error();
    page.next = ports::VaultCursor{to_stored(*row->expires), row->row};
    page.rows.push_back(std::move(*row));
  }
  if (page.rows.size() < most) page.next = std::nullopt;
  return page;
}

}  // namespace postern::vault
