// Purpose:   ends stored rows whose time has come under the policies in force.
// Ownership: borrows the vault and the snapshot, which outlive it.
// Threading: all members may be called from many threads at once.
// Failure:   an Error ends the round where it is; what was ended stays ended, the next round goes on.
// Source:    docs/operating.md, "How long mail is kept".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/result.h"
#include "policy/snapshot.h"
#include "ports/vault_upkeep.h"

namespace postern::upkeep {

struct ExpirySums {
  std::uint64_t looked_at = 0;
  std::uint64_t moved = 0;  // rows whose end is another one now
  ports::VaultRemoval ended;
  ExpirySums& operator+=(const ExpirySums& other);
};

class Expirer {
 public:
  struct Parts {
    ports::VaultUpkeep& vault;
    const Published<policy::Snapshot>& snapshot;
    const Clock& clock;
    std::function<std::string()> delimiters;  // recipient_delimiter
  };
  explicit Expirer(Parts parts);

  // What has passed its end goes. When the policies have changed since the last whole round, every row is
  // asked first, for an end may have come nearer.
  Result<ExpirySums> round(const std::stop_token& stop);

  // The same for one page of rows; with `only_tell`, nothing is changed and the sums say what would be.
  Result<ExpirySums> end_of(const std::vector<ports::VaultRow>& rows, bool only_tell);

 private:
  // Whether there is a policy to go by.
  policy::SnapshotPtr in_force() const;
  Result<ExpirySums> end_of(const policy::Snapshot& snapshot,
                            const std::vector<ports::VaultRow>& rows, bool only_tell);
  // Walks `next_page` to its end, giving way to others between pages.
  using NextPage =
      std::function<Result<ports::VaultPage>(const std::optional<ports::VaultCursor>& after)>;
  Status walk(const policy::Snapshot& snapshot, const NextPage& next_page, ExpirySums& sums,
              const std::stop_token& stop);

  const Parts parts_;
  Guarded<std::optional<std::uint64_t>> asked_under_;  // generation of the last whole round
};

}  // namespace postern::upkeep
