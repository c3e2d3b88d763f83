// Purpose:   the index' part of the outbox: rows that wait for the MTA or a mailbox, as statements on a connection.
// Ownership: borrows the connection for the call.
// Threading: whoever holds the connection.
// Failure:   SQLite's exceptions, which the index catches and names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/vault/outbox_way.h"
#include "base/clock.h"
#include "ports/outbox.h"

namespace SQLite {  // NOLINT(readability-identifier-naming): the name is the library's
class Database;
}

namespace postern::vault {

// The copies that leave, and those that go into mailboxes: these are in the table `copy` already.
void insert_outbox(SQLite::Database& database, const ports::VaultMessage& message, WallTime now);
// `due` nothing: all of it, either way, given up or not. Bodies are read one at a time.
std::vector<ports::OutboxEntry> outbox_rows(SQLite::Database& database, std::optional<Due> due,
                                            std::size_t limit);
// Nothing: the message's own body, or no such row.
std::optional<std::string> outbox_body(SQLite::Database& database, std::int64_t row);
// Whether there was such a row.
bool delete_outbox_row(SQLite::Database& database, std::int64_t row);
// Removes the message unless a copy or the outbox needs it. Whether it is gone.
bool delete_message_if_unneeded(SQLite::Database& database, const std::string& id);
// `next` nothing: given up.
void note_attempt(SQLite::Database& database, std::int64_t row, std::optional<WallTime> next,
                  std::string_view why);
std::size_t retry_outbox(SQLite::Database& database, WallTime now);
ports::OutboxStanding outbox_standing(SQLite::Database& database, Way way);

}  // namespace postern::vault
