#include "adapters/vault/vault.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "adapters/vault/blob_store.h"
#include "adapters/vault/checker.h"
#include "adapters/vault/digest.h"
#include "adapters/vault/index.h"
#include "adapters/vault/mailbox_queue.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "base/units.h"

namespace postern::vault {
namespace {

// The alarm comes when the last fifth of max_size is begun, or twice min_free is left.
constexpr std::uint64_t kLastPartOfMaxSize = 5;
constexpr std::uint64_t kTimesMinFree = 2;

Error no_such_message(std::string_view id) {
  return permanent_error("vault: " + printable(id, 64) + ": no such message");
}

class FileVault final : public Store {
 public:
  FileVault(const VaultOptions& options, std::unique_ptr<BlobStore> blobs,
            std::unique_ptr<Index> index, const ports::VaultUsage& usage)
      : max_size_(options.max_size),
        min_free_(options.min_free),
        clock_(options.clock),
        blobs_(std::move(blobs)),
        index_(std::move(index)),
        checker_(
            *blobs_, *index_,
            [this](const std::string& id, const BlobFacts& facts) {
              return read_verified(id, facts);
            },
            [this](const std::string& id) -> Status {
              const auto removed = take_out({}, {id}, std::nullopt);
              return removed ? success() : Status(removed.error());
            }),
        ledger_(Ledger{usage.messages, usage.bytes, 0}) {
    ledger_.with([](const Ledger& ledger) { ledger.publish(); });
  }

  Status store(const ports::VaultMessage& message) override {
    if (message.copies.empty() && message.outbox.empty()) {
      return permanent_error("vault: " + printable(message.id, 64) + ": a message without a copy");
    }
    Status room = reserve(message.bytes.size());
    if (!room) return room;
    const auto stored = store_in_reserved_room(message);
    ledger_.with([&](Ledger& ledger) {
      ledger.reserved -= message.bytes.size();
      if (!stored) return;
      ++ledger.messages;
      ledger.bytes += *stored;
      ledger.publish();
    });
    if (!stored) return stored.error();
    const bool for_mailboxes = std::any_of(message.copies.begin(), message.copies.end(),
                                           [](const auto& copy) { return !copy.mailbox.empty(); });
    if (for_mailboxes) mailboxes_.announce();
    if (!message.outbox.empty()) tell_of_arrival();
    return success();
  }

  Result<std::vector<ports::VaultRow>> list(const ports::VaultFilter& filter) override {
    return index_->list(filter);
  }

  Result<std::string> read(const std::string& id) override {
    if (!is_blob_id(id)) return no_such_message(id);
    const auto facts = index_->find(id);
    if (!facts) return facts.error();
    if (!*facts) return no_such_message(id);
    return read_verified(id, **facts);
  }

  Result<ports::VaultUsage> usage() override { return index_->usage(); }

  Result<std::vector<ports::OutboxEntry>> due(WallTime now, std::size_t limit) override {
    return index_->outbox(Due{Way::mta, now}, limit);
  }
  Result<std::vector<ports::OutboxEntry>> waiting(std::size_t limit) override {
    return index_->outbox(std::nullopt, limit);
  }

  Result<std::string> bytes(const ports::OutboxEntry& entry) override {
    auto body = index_->outbox_body(entry.row);
    if (!body) return body.error();
    if (entry.copy.header.empty() && !*body) return read(entry.id);
    std::string whole = entry.copy.header + "\r\n";
    if (*body) return whole + **body;
    const auto stored = read(entry.id);
    if (!stored) return stored.error();
    // A message of the MTA's always has its blank line; a header without one is all there is.
    const std::size_t blank = stored->starts_with("\r\n") ? 0 : stored->find("\r\n\r\n");
    if (blank == std::string::npos) return whole;
    return whole.append(*stored, blank + (blank == 0 ? 2 : 4), std::string::npos);
  }

  Status sent(const ports::OutboxEntry& entry) override {
    std::optional<BlobStore::Pending> doomed;
    const auto facts = index_->find(entry.id);
    if (!facts) return facts.error();
    const auto forgotten = index_->forget_outbox(entry.row, entry.id, [&]() -> Status {
      auto blob = blobs_->doom(entry.id);
      if (!blob) return blob.error();
      if (*blob) doomed.emplace(std::move(**blob));
      return success();
    });
    if (!forgotten) {
      // Whether it was committed is not known: the next open() looks.
      if (doomed) doomed->leave_open();
      return forgotten.error();
    }
    if (*forgotten && *facts) forget(1, (*facts)->stored_size);
    return success();
  }

  Status postpone(std::int64_t row, WallTime next, std::string_view why) override {
    return index_->note_attempt(row, next, why);
  }
  Status give_up(std::int64_t row, std::string_view why) override {
    return index_->note_attempt(row, std::nullopt, why);
  }
  Result<std::size_t> retry_all(WallTime now) override { return index_->retry_outbox(now); }
  Result<ports::OutboxStanding> standing() override { return index_->outbox_standing(Way::mta); }
  ports::Outbox& mailboxes() override { return mailboxes_; }
  void on_arrival(std::function<void()> hear) override {
    hear_arrival_.with([&](auto& current) { current = std::move(hear); });
  }

  Status can_store() override {
    return ledger_.with([&](const Ledger& ledger) { return room_for(1, ledger); });
  }

  Result<ports::VaultPage> walk(const ports::VaultFilter& filter,
                                const std::optional<ports::VaultCursor>& after) override {
    return index_->walk(filter, after);
  }
  Result<std::uint64_t> count(const ports::VaultFilter& filter) override {
    return index_->count(filter);
  }
  Result<ports::VaultPage> ended(WallTime now, const std::optional<ports::VaultCursor>& after,
                                 std::size_t limit) override {
    return index_->ended(now, after, limit);
  }
  Status set_ends(const std::vector<ports::VaultEnd>& ends) override {
    return index_->set_ends(ends);
  }
  Result<ports::VaultRemoval> remove(const std::vector<std::int64_t>& rows,
                                     const std::optional<ports::VaultAct>& act) override {
    return take_out(rows, {}, act);
  }
  Result<std::vector<ports::RowRelease>> release(const std::vector<std::int64_t>& rows,
                                                 const ports::VaultAct& act) override {
    auto outcomes = index_->release(rows, act);
    if (outcomes) tell_of_arrival();
    return outcomes;
  }
  Result<std::vector<ports::VaultRecord>> records(const std::optional<std::string>& id,
                                                  std::size_t limit) override {
    return index_->records(id, limit);
  }
  Status forget_records(WallTime before) override { return index_->forget_records(before); }

  Result<ports::VaultCheck> check(const std::string& after,
                                  const std::optional<ports::VaultAct>& act) override {
    auto checked = checker_.step(after, act);
    if (!act || !checked || checked->findings.empty()) return checked;
    // Repairs have gone past the ledger.
    const auto usage = index_->usage();
    if (!usage) return usage.error();
    ledger_.with([&](Ledger& ledger) {
      ledger.messages = usage->messages;
      ledger.bytes = usage->bytes;
      ledger.publish();
    });
    return checked;
  }

  Result<ports::VaultRoom> room() override {
    const auto free = blobs_->free_space();
    if (!free) return free.error();
    ports::VaultRoom room;
    room.max_size = max_size_;
    room.min_free = min_free_;
    room.free = *free;
    ledger_.with([&](const Ledger& ledger) {
      room.bytes = ledger.bytes;
      const Status fits = room_for(1, ledger);
      if (fits) return;
      room.state = ports::RoomState::full;
      room.why = fits.error().what;
    });
    if (room.state == ports::RoomState::full) return room;
    if (max_size_ != 0 && room.bytes >= max_size_ - max_size_ / kLastPartOfMaxSize) {
      room.state = ports::RoomState::low;
      room.why = "vault nearly full: " + std::to_string(room.bytes) + " octets stored, max_size " +
                 format_size(max_size_);
    } else if (min_free_ != 0 && room.free / kTimesMinFree < min_free_) {
      room.state = ports::RoomState::low;
      room.why = "vault nearly full: " + std::to_string(room.free) +
                 " octets left on the file system, min_free " + format_size(min_free_);
    }
    return room;
  }

 private:
  struct Ledger {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t reserved = 0;  // by store() calls that are still running
    void publish() const {
      metrics::set("postern_vault_messages", static_cast<double>(messages));
      metrics::set("postern_vault_bytes", static_cast<double>(bytes));
    }
  };

  void tell_of_arrival() {
    hear_arrival_.with([](const auto& hear) {
      if (hear) hear();
    });
  }

  void forget(std::uint64_t messages, std::uint64_t bytes) {
    ledger_.with([&](Ledger& ledger) {
      ledger.messages -= messages;
      ledger.bytes -= bytes;
      ledger.publish();
    });
  }

  // First each blob that is to go gets its second name, then the rows go, then the blob: whichever
  // instruction is the last, the next open() ends what was begun.
  Result<ports::VaultRemoval> take_out(const std::vector<std::int64_t>& rows,
                                       const std::vector<std::string>& also,
                                       const std::optional<ports::VaultAct>& act) {
    std::vector<BlobStore::Pending> doomed;
    const auto outcome =
        index_->remove(rows, also, act, [&](const std::vector<std::string>& ids) -> Status {
          for (const std::string& id : ids) {
            auto blob = blobs_->doom(id);
            if (!blob) return blob.error();
            if (*blob) doomed.push_back(std::move(**blob));
          }
          return ids.empty() ? success() : blobs_->sync_doomed();
        });
    if (const auto* const failure = std::get_if<WriteFailure>(&outcome)) {
      for (BlobStore::Pending& blob : doomed) {
        if (failure->undecided) {
          blob.leave_open();
        } else {
          blob.keep();
        }
      }
      return failure->error;
    }
    const auto& removed = std::get<ports::VaultRemoval>(outcome);
    forget(removed.messages, removed.bytes);
    return removed;
  }

  Status room_for(std::uint64_t size, const Ledger& ledger) const {
    const std::uint64_t taken = ledger.bytes + ledger.reserved;
    if (max_size_ != 0 && (taken > max_size_ || size > max_size_ - taken)) {
      return temporary_error("vault full: " + std::to_string(taken) + " octets stored, max_size " +
                             format_size(max_size_));
    }
    const auto free = blobs_->free_space();
    if (!free) return free.error();
    const std::uint64_t promised = ledger.reserved + size;
    if (*free < promised || *free - promised < min_free_) {
      return temporary_error("vault full: " + std::to_string(*free) +
                             " octets left on the file system, min_free " + format_size(min_free_));
    }
    return success();
  }

  Status reserve(std::uint64_t size) {
    return ledger_.with([&](Ledger& ledger) {
      Status room = room_for(size, ledger);
      if (room) ledger.reserved += size;
      return room;
    });
  }

  // How many octets of the disk it takes; it never takes more than the message has.
  Result<std::uint64_t> store_in_reserved_room(const ports::VaultMessage& message) {
    const Packed packed = pack(message.bytes);
    const std::string_view kept =
        packed.format == BlobFormat::plain ? message.bytes : std::string_view(packed.compressed);
    const BlobFacts facts{sha256(message.bytes), message.bytes.size(), kept.size(), packed.format};
    auto blob = blobs_->write(message.id, kept);
    if (!blob) return blob.error();
    if (const auto failure = index_->insert(message, facts, clock_.wall())) {
      // Without a row the file goes again with `blob`; in doubt it stays until the next open().
      if (failure->undecided) blob->leave_open();
      return failure->error;
    }
    blob->keep();
    return facts.stored_size;
  }

  Result<std::string> read_verified(const std::string& id, const BlobFacts& facts) const {
    auto stored = blobs_->read(id, facts.stored_size);
    if (!stored) return stored.error();
    auto bytes = unpack(facts.format, std::move(*stored), facts.size);
    if (!bytes) return permanent_error("vault: " + id + ": " + bytes.error().what);
    if (sha256(*bytes) != facts.sha256) {
      return permanent_error("vault: " + id + ": damaged: its file is not what was stored");
    }
    return bytes;
  }

  const std::uint64_t max_size_;
  const std::uint64_t min_free_;
  const Clock& clock_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<Index> index_;
  Checker checker_;
  Guarded<Ledger> ledger_;
  Guarded<std::function<void()>> hear_arrival_;
  MailboxQueue mailboxes_{*this, *index_};
};

}  // namespace

Result<std::unique_ptr<Store>> open(const VaultOptions& options) {
  auto blobs = BlobStore::open(options.path, options.durable);
  if (!blobs) return blobs.error();
  auto index = Index::open(options.path + "/index.sqlite", options.durable);
  if (!index) return index.error();
  const Status synced = (*blobs)->sync_root();
  if (!synced) return synced.error();

  const auto removed = (*blobs)->recover([&](const std::string& id) -> Result<bool> {
    const auto facts = (*index)->find(id);
    if (!facts) return facts.error();
    return facts->has_value();
  });
  if (!removed) return removed.error();
  if (*removed > 0) {
    log::warning("vault: removed files whose storing was interrupted",
                 {{"files", static_cast<std::uint64_t>(*removed)}});
  }
  const auto usage = (*index)->usage();
  if (!usage) return usage.error();
  return std::unique_ptr<Store>(
      std::make_unique<FileVault>(options, std::move(*blobs), std::move(*index), *usage));
}

}  // namespace postern::vault
