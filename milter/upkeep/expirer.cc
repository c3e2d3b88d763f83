#include "upkeep/expirer.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "base/metrics.h"
#include "upkeep/term.h"

namespace postern::upkeep {
namespace {

// One transaction: some milliseconds, in which nothing can be stored.
constexpr std::size_t kRowsAtOnce = 100;
constexpr std::size_t kPage = 500;
// Between transactions, so that whoever stores comes in.
constexpr Milliseconds kGiveWay{2};

}  // namespace

ExpirySums& ExpirySums::operator+=(const ExpirySums& other) {
  looked_at += other.looked_at;
  moved += other.moved;
  ended.rows += other.ended.rows;
  ended.messages += other.ended.messages;
  ended.bytes += other.ended.bytes;
  return *this;
}

Expirer::Expirer(Parts parts) : parts_(std::move(parts)) {}

policy::SnapshotPtr Expirer::in_force() const {
  policy::SnapshotPtr snapshot = parts_.snapshot.get();
  return snapshot && snapshot->usable() ? snapshot : nullptr;
}

Result<ExpirySums> Expirer::round(const std::stop_token& stop) {
  ExpirySums sums;
  const policy::SnapshotPtr snapshot = in_force();
  if (!snapshot) return sums;
  const auto asked = asked_under_.with([](const auto& generation) { return generation; });
  if (asked != snapshot->generation()) {
    const Status walked = walk(
        *snapshot, [this](const auto& after) { return parts_.vault.walk({}, after); }, sums, stop);
    if (!walked) return walked.error();
    if (!stop.stop_requested()) {
      asked_under_.with([&](auto& generation) { generation = snapshot->generation(); });
    }
    return sums;
  }
  const WallTime now = parts_.clock.wall();
  const Status walked = walk(
      *snapshot, [&](const auto& after) { return parts_.vault.ended(now, after, kPage); }, sums,
      stop);
  if (!walked) return walked.error();
  return sums;
}

Status Expirer::walk(const policy::Snapshot& snapshot, const NextPage& next_page, ExpirySums& sums,
                     const std::stop_token& stop) {
  std::optional<ports::VaultCursor> after;
  while (!stop.stop_requested()) {
    const auto page = next_page(after);
    if (!page) return page.error();
    const auto ended = end_of(snapshot, page->rows, false);
    if (!ended) return ended.error();
    sums += *ended;
    if (!page->next) return success();
    after = page->next;
  }
  return success();
}

Result<ExpirySums> Expirer::end_of(const std::vector<ports::VaultRow>& rows, bool only_tell) {
  const policy::SnapshotPtr snapshot = in_force();
  if (!snapshot) return temporary_error("no policy is in force: nobody can say what has ended");
  return end_of(*snapshot, rows, only_tell);
}

Result<ExpirySums> Expirer::end_of(const policy::Snapshot& snapshot,
                                   const std::vector<ports::VaultRow>& rows, bool only_tell) {
  const WallTime now = parts_.clock.wall();
  const std::string delimiters = parts_.delimiters ? parts_.delimiters() : "";
  ExpirySums sums;
  std::vector<std::int64_t> ended;
  std::vector<ports::VaultEnd> moved;
  for (const ports::VaultRow& row : rows) {
    ++sums.looked_at;
    const Term term = term_of(snapshot, delimiters, row);
    if (!term.is_known) continue;
    if (term.until && *term.until <= now) {
      ended.push_back(row.row);
    } else if (term.until != row.expires) {
      moved.push_back({row.row, term.until});
    }
  }
  sums.moved = moved.size();
  if (only_tell) {
    sums.ended.rows = ended.size();
    return sums;
  }
  if (const Status set = parts_.vault.set_ends(moved); !set) return set.error();
  for (std::size_t at = 0; at < ended.size(); at += kRowsAtOnce) {
    const auto end =
        ended.begin() + static_cast<std::ptrdiff_t>(std::min(at + kRowsAtOnce, ended.size()));
    const auto removed =
        parts_.vault.remove({ended.begin() + static_cast<std::ptrdiff_t>(at), end}, std::nullopt);
    if (!removed) return removed.error();
    sums += {0, 0, *removed};
    metrics::count("postern_vault_expired_rows_total", {}, static_cast<double>(removed->rows));
    metrics::count("postern_vault_expired_messages_total", {},
                   static_cast<double>(removed->messages));
    std::this_thread::sleep_for(kGiveWay);
  }
  return sums;
}

}  // namespace postern::upkeep
