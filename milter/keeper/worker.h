// Purpose:   the keeper's work: one call of the source, one batch, at most one new snapshot.
// Ownership: borrows what the Keeper was given; owns what is known about the documents.
// Threading: the PolicySink members and start() on one thread at a time; everything else from any.
// Failure:   as Keeper.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "keeper/batch.h"
#include "keeper/cache_keeper.h"
#include "keeper/keeper.h"
#include "keeper/refusals.h"
#include "keeper/shrink_hold.h"
#include "ports/policy_source.h"

namespace postern::keeper {

class Worker final : public ports::PolicySink {
 public:
  Worker(ports::PolicySource& source, ports::PolicyCache* cache,
         Published<policy::Snapshot>& published, const Clock& clock, KeeperOptions options);

  void start_from_cache();
  KeeperStatus status() const;
  void accept();
  Result<std::optional<std::string>> document(const policy::DocumentKey& key) const;
  void refresh_age() const;

  void full_set(std::vector<ports::RawDocument> documents, std::string position) override;
  void changes(std::vector<ports::RawDocument> documents, std::string position) override;
  void unreadable(std::string key, std::string origin, std::string why) override;
  void availability(std::optional<std::string> away_because) override;

 private:
  // A set that is refused as a whole must not bury the log: the list is in `status`.
  static constexpr std::size_t kRefusalsLoggedAtOnce = 100;

  struct Known {
    KeeperStatus status;  // without the lists
    Refusals refused;
    SteadyTime contact;  // the last one; at first the start
  };
  struct Refusal {
    std::string key;
    std::string origin;
    std::string reason;
  };
  // Documents whose keys are valid, one per key; who claims a key that is another's is refused.
  struct Sorted {
    std::vector<Put> puts;
    std::vector<policy::DocumentKey> erase;
    std::vector<Refusal> refused;
  };
  // The last word of a change about each key: a text, or nothing for a deletion.
  using Wanted = std::map<policy::DocumentKey, std::optional<Put>>;

  Sorted sort_full_set(std::vector<ports::RawDocument> documents);
  Sorted sort_changes(std::vector<ports::RawDocument> documents);
  void sort_put(const policy::DocumentKey& key, ports::RawDocument document, Wanted& wanted,
                Sorted& sorted);
  void sort_deletion(const policy::DocumentKey& key, const ports::RawDocument& document,
                     Wanted& wanted);
  std::string spelling_of(const policy::DocumentKey& key) const;
  void add_waiting(Wanted& wanted) const;
  void forget_waiting(const policy::DocumentKey& key);
  void note_waiting(const Outcome& outcome);

  Outcome apply_guarded(Sorted& sorted);
  void put_in_force(Outcome outcome, const std::string& position, bool full_set);
  void warn_of_plain_passwords(const Outcome& outcome) const;
  void hold_full_set(const std::string& why);
  void look_again_at_what_is_held();

  void note_change_fates(const Outcome& outcome);
  void refuse(const Refusal& refusal);
  void refuse_all(const std::vector<Refusal>& refusals);
  static std::vector<Refusal> refusals_of(const Outcome& outcome);
  void end_batch();
  void note_refused_count() const;
  void in_contact();

  ports::PolicySource& source_;
  ports::PolicyCache* const cache_;
  Published<policy::Snapshot>& published_;
  const Clock& clock_;
  const KeeperOptions options_;
  const std::string source_name_;
  Guarded<Known> known_;
  std::atomic<bool> accept_next_ = false;
  std::atomic<bool> something_held_ = false;

  // Of the working thread alone.
  policy::SnapshotPtr current_;
  std::uint64_t generation_ = 0;
  CacheKeeper cache_keeper_;
  ShrinkHold hold_;
  bool changed_since_hold_ = false;  // the source has changed since a full set was held
  SteadyTime look_again_at_{};       // not before, however often it changes
  std::map<policy::DocumentKey, std::string>
      spelled_;                                 // documents under another spelling of their key
  std::map<policy::DocumentKey, Put> waiting_;  // domains that wait for an alias
  std::size_t waiting_bytes_ = 0;
  std::vector<Refusal> unreadable_;  // since the last set or change
  std::size_t log_budget_ = kRefusalsLoggedAtOnce;
  std::size_t unlogged_ = 0;
};

}  // namespace postern::keeper
