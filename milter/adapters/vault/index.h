// Purpose:   who may see which stored message, until when: the SQLite index of the vault.
// Ownership: owns two connections, one that writes and one that reads, so that a long list never
//            holds up a message on its way in.
// Threading: all members are called from many threads at once; writers wait for each other.
// Units:     times are milliseconds since 1970, UTC; sizes octets; scores thousandths.
// Failure:   temporary for what SQLite refuses; permanent for an id or a version that cannot be.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/vault/copy_rows.h"
#include "base/clock.h"
#include "base/result.h"
#include "ports/outbox.h"
#include "ports/vault.h"

namespace postern::vault {

struct InsertFailure {
  Error error;
  // The commit was written but not confirmed: after a crash the rows may be there.
  bool undecided = false;
};

class Index {
 public:
  ~Index();
  // Creates the file (0600) and its tables where missing.
  static Result<std::unique_ptr<Index>> open(const std::string& path, bool durable);

  // All rows of the message in one transaction; nothing answered: they are committed.
  std::optional<InsertFailure> insert(const ports::VaultMessage& message, const BlobFacts& blob,
                                      WallTime now);
  Result<std::vector<ports::VaultRow>> list(const ports::VaultFilter& filter);
  Result<std::optional<BlobFacts>> find(const std::string& id);
  Status mark_released(std::int64_t row, WallTime when, std::string_view who);
  Result<ports::VaultUsage> usage();

  // The outbox. `due_at` nothing: all of it, given up or not. Bodies are read one at a time.
  Result<std::vector<ports::OutboxEntry>> outbox(std::optional<WallTime> due_at, std::size_t limit);
  Result<std::optional<std::string>> outbox_body(std::int64_t row);
  // Forgets the row. Answers whether its message was forgotten with it, nobody else needing it:
  // then `before_commit` has been called, so that the blob can be marked as doomed.
  Result<bool> forget_outbox(std::int64_t row, const std::string& id,
                             const std::function<Status()>& before_commit);
  Status note_attempt(std::int64_t row, std::optional<WallTime> next, std::string_view why);
  Result<std::size_t> retry_outbox(WallTime now);
  Result<ports::OutboxStanding> outbox_standing();

 private:
  struct Connections;
  explicit Index(std::unique_ptr<Connections> connections);
  std::unique_ptr<Connections> connections_;
};

}  // namespace postern::vault
