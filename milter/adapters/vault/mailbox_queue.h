// Purpose:   the outbox of the copies that go into mailboxes: the vault's rows, seen by the courier who
//            carries those.
// Ownership: borrows the vault and its index, which own it.
// Threading: as the vault's.
// Failure:   as the vault's.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/vault/index.h"
#include "base/guarded.h"
#include "ports/outbox.h"

namespace postern::vault {

class MailboxQueue final : public ports::Outbox {
 public:
  MailboxQueue(ports::Outbox& vault, Index& index) : vault_(vault), index_(index) {}

  Result<std::vector<ports::OutboxEntry>> due(WallTime now, std::size_t limit) override {
    return index_.outbox(Due{Way::mailbox, now}, limit);
  }
  Result<ports::OutboxStanding> standing() override { return index_.outbox_standing(Way::mailbox); }
  void on_arrival(std::function<void()> hear) override {
    hear_.with([&](auto& current) { current = std::move(hear); });
  }
  void announce() {
    hear_.with([](const auto& hear) {
      if (hear) hear();
    });
  }

  // A row is a row.
  Result<std::vector<ports::OutboxEntry>> waiting(std::size_t limit) override {
    return vault_.waiting(limit);
  }
  Result<std::string> bytes(const ports::OutboxEntry& entry) override {
    return vault_.bytes(entry);
  }
  Status sent(const ports::OutboxEntry& entry) override { return vault_.sent(entry); }
  Status postpone(std::int64_t row, WallTime next, std::string_view why) override {
    return vault_.postpone(row, next, why);
  }
  Status give_up(std::int64_t row, std::string_view why) override {
    return vault_.give_up(row, why);
  }
  Result<std::size_t> retry_all(WallTime now) override { return vault_.retry_all(now); }

 private:
  ports::Outbox& vault_;
  Index& index_;
  Guarded<std::function<void()>> hear_;
};

}  // namespace postern::vault
