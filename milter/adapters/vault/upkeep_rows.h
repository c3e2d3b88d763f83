// Purpose:   the index' part of ending, deleting, releasing and checking, as statements on a connection.
// Ownership: borrows the connection for the call.
// Threading: whoever holds the connection; what writes does so in the caller's transaction.
// Failure:   SQLite's exceptions, which the index catches and names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/vault/copy_rows.h"
#include "ports/vault_upkeep.h"

namespace postern::vault {

void set_ends(SQLite::Database& database, const std::vector<ports::VaultEnd>& ends);

// What removing takes away. `ids`: the messages whose blobs are to go.
struct Removed {
  ports::VaultRemoval sums;
  std::vector<std::string> ids;
};
// `also`: messages that are removed as well if nobody needs them.
Removed remove_copies(SQLite::Database& database, const std::vector<std::int64_t>& rows,
                      const std::vector<std::string>& also,
                      const std::optional<ports::VaultAct>& act);
// The message's file is lost: its rows go, and what of the outbox needs the file.
Removed drop_message(SQLite::Database& database, const std::string& id, const ports::VaultAct& act);

std::vector<ports::RowRelease> release_copies(SQLite::Database& database,
                                              const std::vector<std::int64_t>& rows,
                                              const ports::VaultAct& act);

std::vector<ports::VaultRecord> records(SQLite::Database& database,
                                        const std::optional<std::string>& id, std::size_t limit);
void forget_records(SQLite::Database& database, WallTime before);

// For a check: messages behind this id, and whether anybody needs them.
struct CheckedMessage {
  std::string id;
  bool is_needed = true;
};
std::vector<CheckedMessage> messages_after(SQLite::Database& database, const std::string& id,
                                           std::size_t limit);
// Why the index is not whole; nothing: it is.
std::optional<std::string> fault_of_index(SQLite::Database& database);
std::optional<std::string> fault_of_totals(SQLite::Database& database);
void count_totals_again(SQLite::Database& database);

}  // namespace postern::vault
