// Purpose:   the index' part of what is kept: messages and their copies, as statements on a connection.
// Ownership: borrows the connection for the call.
// Threading: whoever holds the connection.
// Failure:   SQLite's exceptions, which the index catches and names; a permanent Error for a row that
//            says what this program does not know.
// Units:     sizes in octets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/vault/blob_codec.h"
#include "base/clock.h"
#include "base/result.h"
#include "ports/vault_upkeep.h"

namespace SQLite {  // NOLINT(readability-identifier-naming): the name is the library's
class Database;
class Statement;
}  // namespace SQLite

namespace postern::vault {

struct BlobFacts {
  std::string sha256;             // of the message's bytes, 32 octets
  std::uint64_t size = 0;         // of the message
  std::uint64_t stored_size = 0;  // of its file
  BlobFormat format = BlobFormat::plain;
};

void insert_message(SQLite::Database& database, const ports::VaultMessage& message,
                    const BlobFacts& blob, WallTime now);
void insert_copies(SQLite::Database& database, const ports::VaultMessage& message);

// Newest first.
Result<std::vector<ports::VaultRow>> list_copies(SQLite::Database& database,
                                                 const ports::VaultFilter& filter);

// As VaultUpkeep's walk(), count() and ended().
Result<ports::VaultPage> walk_copies(SQLite::Database& database, const ports::VaultFilter& filter,
                                     const std::optional<ports::VaultCursor>& after);
std::uint64_t count_copies(SQLite::Database& database, const ports::VaultFilter& filter);
Result<ports::VaultPage> ended_copies(SQLite::Database& database, WallTime now,
                                      const std::optional<ports::VaultCursor>& after,
                                      std::size_t limit);

}  // namespace postern::vault
