// Purpose:   the copies that have left their transactions and wait for the MTA to take them: committed
//            with what else was kept of their message, handed over by the courier (outbox/courier.h).
// Ownership: the outbox owns what it holds; rows name it.
// Threading: all members are called from many threads at once.
// Failure:   an Error means that nothing has changed; a copy is forgotten by sent() alone.
// Source:    docs/semantics.md, "One reply for all".
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

struct OutboxEntry {
  std::int64_t row = 0;
  std::string id;   // of the message: 32 hex digits
  OutboxCopy copy;  // without its body; see bytes()
  WallTime since;
  int attempts = 0;
  WallTime next;           // not before then
  std::string last_error;  // empty: not tried yet
  bool given_up = false;   // tried again only when somebody asks for it
  // A copy that is stored goes into a mailbox as well, while the vault keeps it. False: a copy that
  // has left its transaction goes to the MTA.
  bool into_mailbox = false;
};

struct OutboxStanding {
  std::uint64_t waiting = 0;
  std::uint64_t given_up = 0;
  std::optional<WallTime> oldest;  // of those that wait
};

class Outbox {
 public:
  Outbox() = default;
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;
  virtual ~Outbox() = default;

  // What may be tried now, the oldest first. Of copies for the MTA, or of those for mailboxes: each kind
  // has an outbox of its own.
  virtual Result<std::vector<OutboxEntry>> due(WallTime now, std::size_t limit) = 0;
  // Everything of either kind, the oldest first, given up or not.
  virtual Result<std::vector<OutboxEntry>> waiting(std::size_t limit) = 0;
  // The whole message of this copy, CRLF line ends.
  virtual Result<std::string> bytes(const OutboxEntry& entry) = 0;

  // The MTA has it: the copy is forgotten, and its message as well where nobody else needs it.
  virtual Status sent(const OutboxEntry& entry) = 0;
  virtual Status postpone(std::int64_t row, WallTime next, std::string_view why) = 0;
  virtual Status give_up(std::int64_t row, std::string_view why) = 0;
  // Everything of either kind that waits or was given up may be tried at once. How many.
  virtual Result<std::size_t> retry_all(WallTime now) = 0;
  virtual Result<OutboxStanding> standing() = 0;

  // Called after each commit that brought a copy, by the thread that committed.
  virtual void on_arrival(std::function<void()> hear) = 0;
};

}  // namespace postern::ports
