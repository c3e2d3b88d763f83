// Purpose:   who may see which stored message, until when: the SQLite index of the vault.
// Ownership: owns three connections, one that writes and two that read, so that a long list never
//            holds up a message on its way in, and a walk no list.
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
#include <variant>
#include <vector>

#include "adapters/vault/copy_rows.h"
#include "adapters/vault/outbox_way.h"
#include "adapters/vault/upkeep_rows.h"
#include "base/clock.h"
#include "base/result.h"
#include "ports/outbox.h"
#include "ports/vault.h"

namespace postern::vault {

struct WriteFailure {
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
  std::optional<WriteFailure> insert(const ports::VaultMessage& message, const BlobFacts& blob,
                                     WallTime now);
  Result<std::vector<ports::VaultRow>> list(const ports::VaultFilter& filter);
  Result<std::optional<BlobFacts>> find(const std::string& id);
  Result<ports::VaultUsage> usage();

  // The outbox. `due` nothing: all of it, either way, given up or not. Bodies are read one at a time.
  Result<std::vector<ports::OutboxEntry>> outbox(std::optional<Due> due, std::size_t limit);
  Result<std::optional<std::string>> outbox_body(std::int64_t row);
  // Forgets the row. Answers whether its message was forgotten with it, nobody else needing it:
  // then `before_commit` has been called, so that the blob can be marked as doomed.
  Result<bool> forget_outbox(std::int64_t row, const std::string& id,
                             const std::function<Status()>& before_commit);
  Status note_attempt(std::int64_t row, std::optional<WallTime> next, std::string_view why);
  Result<std::size_t> retry_outbox(WallTime now);
  Result<ports::OutboxStanding> outbox_standing(Way way);

  // Upkeep, as ports::VaultUpkeep says.
  Result<ports::VaultPage> walk(const ports::VaultFilter& filter,
                                const std::optional<ports::VaultCursor>& after);
  Result<std::uint64_t> count(const ports::VaultFilter& filter);
  Result<ports::VaultPage> ended(WallTime now, const std::optional<ports::VaultCursor>& after,
                                 std::size_t limit);
  Status set_ends(const std::vector<ports::VaultEnd>& ends);
  // `before_commit` is told which messages go, so that their blobs can be marked as doomed.
  using BeforeCommit = std::function<Status(const std::vector<std::string>& ids)>;
  using RemoveOutcome = std::variant<ports::VaultRemoval, WriteFailure>;
  RemoveOutcome remove(const std::vector<std::int64_t>& rows, const std::vector<std::string>& also,
                       const std::optional<ports::VaultAct>& act,
                       const BeforeCommit& before_commit);
  RemoveOutcome drop_message(const std::string& id, const ports::VaultAct& act);
  Result<std::vector<ports::RowRelease>> release(const std::vector<std::int64_t>& rows,
                                                 const ports::VaultAct& act);
  Result<std::vector<ports::VaultRecord>> records(const std::optional<std::string>& id,
                                                  std::size_t limit);
  Status forget_records(WallTime before);
  Result<std::vector<CheckedMessage>> messages_after(const std::string& id, std::size_t limit);
  Result<std::optional<std::string>> fault_of_index();
  Result<std::optional<std::string>> fault_of_totals();
  Status count_totals_again();

 private:
  struct Connections;
  explicit Index(std::unique_ptr<Connections> connections);
  std::unique_ptr<Connections> connections_;
};

}  // namespace postern::vault
