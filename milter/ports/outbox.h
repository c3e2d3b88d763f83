// Purpose:   copies that have left their transaction and wait for the MTA to take them.
// Ownership: the vault owns them; rows name them.
// Threading: all members are called from many threads at once.
// Failure:   temporary for input and output; permanent for a row that is not there, or whose message
//            is damaged. What an Error was answered to has not happened.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ports/vault.h"

namespace postern::ports {

struct OutboxRow {
  std::int64_t row = 0;  // grows with age: the lower, the older
  std::string id;        // of the stored message
  std::string sender;
  std::vector<std::string> recipients;
  WallTime stored;
  WallTime due;                // not tried before
  std::uint32_t attempts = 0;  // that failed
  std::string last_error;
  bool given_up = false;  // kept, and not tried again until somebody asks for it
};

// One copy, ready to be submitted.
struct OutboxMessage {
  OutboxCopy copy;
  std::string bytes;  // header, blank line, body
};

struct OutboxUsage {
  std::uint64_t waiting = 0;
  std::uint64_t given_up = 0;
  std::optional<WallTime> oldest;  // of those that wait
  std::optional<WallTime> next_due;
};

class Outbox {
 public:
  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  virtual ~Outbox() = default;

  // Called after each commit that added a copy or made one due; it must not block. An empty function:
  // nobody empties the outbox, and it takes nothing more (store() is refused).
  virtual void on_arrival(std::function<void()> tell) = 0;

  // What may be tried now, oldest first, without recipients. A row that is due later than `horizon`
  // was written under a clock that has been set back since: it is due.
  virtual Result<std::vector<OutboxRow>> due(WallTime now, WallTime horizon, std::size_t limit) = 0;
  virtual Result<OutboxMessage> fetch(std::int64_t row) = 0;
  // The MTA has it: the row goes, and the message with it if nothing else needs it.
  virtual Status done(std::int64_t row) = 0;
  virtual Status postpone(std::int64_t row, WallTime due, std::string_view error) = 0;
  virtual Status give_up(std::int64_t row, std::string_view error) = 0;

  // Oldest first, those given up among them.
  virtual Result<std::vector<OutboxRow>> outbox_rows(std::size_t limit, std::size_t offset) = 0;
  // Due now, also what was given up. Nothing: all of them. Answers how many.
  virtual Result<std::uint64_t> retry(std::optional<std::int64_t> row, WallTime now) = 0;
  virtual Result<OutboxUsage> outbox_usage() = 0;
};

}  // namespace postern::ports
