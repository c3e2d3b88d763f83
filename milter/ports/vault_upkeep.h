// Purpose:   what is done to stored mail as a whole, a little at a time: walking it, ending it, deleting
//            and releasing it, looking whether it is whole and whether there is room.
// Ownership: the vault owns what it stores; rows name it.
// Threading: all members are called from many threads at once, beside those of Vault and Outbox. Each call
//            is short, and writes in one transaction of a bounded size: storing never waits for long.
// Failure:   an Error means that nothing of this call has happened.
// Source:    docs/operating.md, "The vault".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ports/vault.h"

namespace postern::ports {

// A place in a walk: behind this row.
struct VaultCursor {
  std::int64_t time = 0;  // what the walk is ordered by, milliseconds since 1970
  std::int64_t row = 0;
};

struct VaultPage {
  std::vector<VaultRow> rows;
  std::optional<VaultCursor> next;  // nothing: there is no more
};

struct VaultEnd {
  std::int64_t row = 0;
  std::optional<WallTime> expires;  // nothing: never
};

struct VaultRemoval {
  std::uint64_t rows = 0;
  std::uint64_t messages = 0;  // those that nobody needed any longer
  std::uint64_t bytes = 0;     // what their files took
};

// For the record, which outlives the row.
struct VaultAct {
  std::string who;
  WallTime when;
};

struct VaultRecord {
  VaultAct act;
  std::string what;  // "release", "delete", "lost"
  std::string id;
  std::string recipient;
  std::string purpose;
  std::string mail_class;
};

enum class RowRelease { released, already_released, gone };

enum class VaultFault {
  missing_blob,   // a message without its file
  damaged_blob,   // a file that is not what was stored
  orphaned_blob,  // a file that belongs to no message
  unneeded,       // a message that no row and no outbox entry needs
  leftover,       // an interrupted store or removal
  foreign_file,   // what is not ours
  wrong_totals,   // the sums of the index
  damaged_index,  // the index itself
};
inline std::string_view to_string(VaultFault fault) {
  switch (fault) {
    case VaultFault::missing_blob:
      return "missing_blob";
    case VaultFault::damaged_blob:
      return "damaged_blob";
    case VaultFault::orphaned_blob:
      return "orphaned_blob";
    case VaultFault::unneeded:
      return "unneeded";
    case VaultFault::leftover:
      return "leftover";
    case VaultFault::foreign_file:
      return "foreign_file";
    case VaultFault::wrong_totals:
      return "wrong_totals";
    case VaultFault::damaged_index:
      return "damaged_index";
  }
  return "";
}

struct VaultFinding {
  VaultFault fault = VaultFault::leftover;
  std::string name;  // an id, or a file's name
  std::string what;  // for people
  bool repaired = false;
};

struct VaultCheck {
  std::uint64_t checked = 0;  // messages whose file was read in this step
  std::vector<VaultFinding> findings;
  std::optional<std::string> next;  // where to go on; nothing: that was all
};

enum class RoomState { enough, low, full };
inline std::string_view to_string(RoomState state) {
  switch (state) {
    case RoomState::enough:
      return "enough";
    case RoomState::low:
      return "low";
    case RoomState::full:
      return "full";
  }
  return "";
}

struct VaultRoom {
  RoomState state = RoomState::enough;
  std::uint64_t bytes = 0;     // what is stored takes
  std::uint64_t max_size = 0;  // 0: no limit
  std::uint64_t free = 0;      // on the file system
  std::uint64_t min_free = 0;
  std::string why;  // of low and full
};

class VaultUpkeep {
 public:
  VaultUpkeep() = default;
  VaultUpkeep(const VaultUpkeep&) = delete;
  VaultUpkeep& operator=(const VaultUpkeep&) = delete;
  virtual ~VaultUpkeep() = default;

  // What matches, the oldest first; `limit` and `offset` of the filter do not count. Each call looks at a
  // bounded number of rows: a page may be empty and there be more.
  virtual Result<VaultPage> walk(const VaultFilter& filter,
                                 const std::optional<VaultCursor>& after) = 0;
  virtual Result<std::uint64_t> count(const VaultFilter& filter) = 0;
  // Rows whose recorded end is no later than `now`, the earliest first, at most `limit`.
  virtual Result<VaultPage> ended(WallTime now, const std::optional<VaultCursor>& after,
                                  std::size_t limit) = 0;
  virtual Status set_ends(const std::vector<VaultEnd>& ends) = 0;

  // Removes these rows as far as they exist, and the messages that neither a row nor the outbox needs
  // then. With an act it is recorded.
  virtual Result<VaultRemoval> remove(const std::vector<std::int64_t>& rows,
                                      const std::optional<VaultAct>& act) = 0;
  // Puts the messages of these rows into the outbox as they were stored, each once for its recipient,
  // and records it. One answer per row, in order.
  virtual Result<std::vector<RowRelease>> release(const std::vector<std::int64_t>& rows,
                                                  const VaultAct& act) = 0;
  // The newest first.
  virtual Result<std::vector<VaultRecord>> records(const std::optional<std::string>& id,
                                                   std::size_t limit) = 0;
  virtual Status forget_records(WallTime before) = 0;

  // One step of a check, beginning with "". With `act`, what can be repaired is.
  virtual Result<VaultCheck> check(const std::string& after,
                                   const std::optional<VaultAct>& act) = 0;
  virtual Result<VaultRoom> room() = 0;
};

}  // namespace postern::ports
