// Purpose:   the rows of the outbox in the vault's index.
// Ownership: borrows the index.
// Threading: as the index.
// Units:     times are milliseconds since 1970, UTC.
// Failure:   as the index; permanent for a row that is not there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/vault/index.h"
#include "base/clock.h"
#include "base/result.h"
#include "ports/outbox.h"

namespace postern::vault {

// Part of the transaction that stores the message. Throws what SQLite throws.
void insert_outbox(SQLite::Database& database, const ports::VaultMessage& message, WallTime now);

class OutboxTable {
 public:
  explicit OutboxTable(Index& index) : index_(index) {}

  Result<std::vector<ports::OutboxRow>> due(WallTime now, WallTime horizon, std::size_t limit);
  Result<std::vector<ports::OutboxRow>> list(std::size_t limit, std::size_t offset);

  struct Stored {
    std::string id;
    ports::OutboxCopy copy;
  };
  Result<Stored> fetch(std::int64_t row);

  // A message that no row needs any more. Its file is to be removed, and then forget_doomed().
  struct Removed {
    std::string id;
    std::uint64_t size = 0;
  };
  Result<std::optional<Removed>> remove(std::int64_t row);
  Result<std::vector<std::string>> doomed();
  Status forget_doomed(const std::string& id);

  Status postpone(std::int64_t row, WallTime due, std::string_view error);
  Status give_up(std::int64_t row, std::string_view error);
  Result<std::uint64_t> retry(std::optional<std::int64_t> row, WallTime now);
  Result<ports::OutboxUsage> usage();

 private:
  Index& index_;
};

}  // namespace postern::vault
