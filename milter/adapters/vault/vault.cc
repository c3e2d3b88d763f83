#include "adapters/vault/vault.h"

#include <functional>
#include <optional>
#include <utility>

#include "adapters/vault/blob_store.h"
#include "adapters/vault/digest.h"
#include "adapters/vault/index.h"
#include "adapters/vault/outbox_table.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "base/units.h"

namespace postern::vault {
namespace {

Error no_such_message(std::string_view id) {
  return permanent_error("vault: " + printable(id, 64) + ": no such message");
}

// Behind the blank line; nothing where there is none.
std::string_view body_of(std::string_view message) {
  if (message.substr(0, 2) == "\r\n") return message.substr(2);
  const std::size_t end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view() : message.substr(end + 4);
}

// Ends what a kill between the index and the file has cut off.
Status remove_doomed(BlobStore& blobs, Index& index) {
  OutboxTable table(index);
  const auto ids = table.doomed();
  if (!ids) return ids.error();
  for (const std::string& id : *ids) {
    Status gone = blobs.remove(id);
    if (gone) gone = table.forget_doomed(id);
    if (!gone) return gone;
  }
  return success();
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
        outbox_(*index_),
        ledger_(Ledger{usage.messages, usage.bytes, 0}) {
    ledger_.with([](const Ledger& ledger) { ledger.publish(); });
  }

  Status store(const ports::VaultMessage& message) override {
    if (message.copies.empty() && message.outbox.empty()) {
      return permanent_error("vault: " + printable(message.id, 64) + ": a message without a copy");
    }
    if (!message.outbox.empty() && !tell_.with([](const auto& tell) { return tell != nullptr; })) {
      return temporary_error("outbox: nothing can leave: keys.token_file is not set");
    }
    for (const ports::OutboxCopy& copy : message.outbox) {
      if (copy.recipients.empty()) {
        return permanent_error("outbox: " + printable(message.id, 64) + ": a copy for nobody");
      }
    }
    Status room = reserve(message.bytes.size());
    if (!room) return room;
    Status stored = store_in_reserved_room(message);
    ledger_.with([&](Ledger& ledger) {
      ledger.reserved -= message.bytes.size();
      if (!stored) return;
      ++ledger.messages;
      ledger.bytes += message.bytes.size();
      ledger.publish();
    });
    if (stored && !message.outbox.empty()) tell_of_arrival();
    return stored;
  }

  Result<std::vector<ports::VaultRow>> list(const ports::VaultFilter& filter) override {
    return index_->list(filter);
  }

  Result<std::string> read(const std::string& id) override {
    if (!is_blob_id(id)) return no_such_message(id);
    const auto facts = index_->find(id);
    if (!facts) return facts.error();
    if (!*facts) return no_such_message(id);
    auto bytes = blobs_->read(id, (*facts)->size);
    if (bytes && sha256(*bytes) != (*facts)->sha256) {
      return permanent_error("vault: " + id + ": damaged: its file is not what was stored");
    }
    return bytes;
  }

  Status mark_released(std::int64_t row, WallTime when, std::string_view who) override {
    return index_->mark_released(row, when, who);
  }

  Result<ports::VaultUsage> usage() override { return index_->usage(); }

  Status can_store() override {
    return ledger_.with([&](const Ledger& ledger) { return room_for(1, ledger); });
  }

  void on_arrival(std::function<void()> tell) override {
    tell_.with([&](auto& current) { current.swap(tell); });
  }

  Result<std::vector<ports::OutboxRow>> due(WallTime now, WallTime horizon,
                                            std::size_t limit) override {
    return outbox_.due(now, horizon, limit);
  }

  Result<ports::OutboxMessage> fetch(std::int64_t row) override {
    auto stored = outbox_.fetch(row);
    if (!stored) return stored.error();
    ports::OutboxMessage message{std::move(stored->copy), {}};
    std::string body;
    if (message.copy.body) {
      body = *std::exchange(message.copy.body, std::nullopt);
    } else {
      const auto bytes = read(stored->id);
      if (!bytes) return bytes.error();
      body = body_of(*bytes);
    }
    message.bytes = message.copy.header + "\r\n" + body;
    return message;
  }

  Status done(std::int64_t row) override {
    const auto removed = outbox_.remove(row);
    if (!removed) return removed.error();
    if (*removed) finish_removal(**removed);
    return success();
  }

  Status postpone(std::int64_t row, WallTime due, std::string_view error) override {
    return outbox_.postpone(row, due, error);
  }
  Status give_up(std::int64_t row, std::string_view error) override {
    return outbox_.give_up(row, error);
  }
  Result<std::vector<ports::OutboxRow>> outbox_rows(std::size_t limit,
                                                    std::size_t offset) override {
    return outbox_.list(limit, offset);
  }
  Result<std::uint64_t> retry(std::optional<std::int64_t> row, WallTime now) override {
    auto changed = outbox_.retry(row, now);
    if (changed) tell_of_arrival();
    return changed;
  }
  Result<ports::OutboxUsage> outbox_usage() override { return outbox_.usage(); }

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

  Status store_in_reserved_room(const ports::VaultMessage& message) {
    const BlobFacts facts{sha256(message.bytes), message.bytes.size(), BlobFormat::plain};
    auto blob = blobs_->write(message.id, message.bytes);
    if (!blob) return blob.error();
    if (const auto failure = index_->insert(message, facts, clock_.wall())) {
      // Without a row the file goes again with `blob`; in doubt it stays until the next open().
      if (failure->undecided) blob->leave_open();
      return failure->error;
    }
    blob->keep();
    return success();
  }

  void tell_of_arrival() {
    tell_.with([](const auto& tell) {
      if (tell) tell();
    });
  }

  // The message is gone from the index; a file that cannot be removed now is at the next start.
  void finish_removal(const OutboxTable::Removed& removed) {
    ledger_.with([&](Ledger& ledger) {
      --ledger.messages;
      ledger.bytes -= removed.size;
      ledger.publish();
    });
    Status gone = blobs_->remove(removed.id);
    if (gone) gone = outbox_.forget_doomed(removed.id);
    if (!gone)
      log::warning("vault: a file stays until the next start", {{"error", gone.error().what}});
  }

  const std::uint64_t max_size_;
  const std::uint64_t min_free_;
  const Clock& clock_;
  std::unique_ptr<BlobStore> blobs_;
  std::unique_ptr<Index> index_;
  OutboxTable outbox_;
  Guarded<std::function<void()>> tell_;
  Guarded<Ledger> ledger_;
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
  const Status ended = remove_doomed(**blobs, **index);
  if (!ended) return ended.error();
  const auto usage = (*index)->usage();
  if (!usage) return usage.error();
  return std::unique_ptr<Store>(
      std::make_unique<FileVault>(options, std::move(*blobs), std::move(*index), *usage));
}

}  // namespace postern::vault
