// Purpose:   looks after the vault in the background: its room every some seconds, with an alarm before it
//            is full; what has ended every some minutes.
// Ownership: borrows the vault and the expirer, which outlive it; owns its thread.
// Threading: start() and stop() from one thread; alarm() from any. stop() waits for the transaction that
//            is going on, not for the round.
// Failure:   logged, and tried again at the next round.
// Source:    docs/operating.md, "The vault".
#pragma once

#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/guarded.h"
#include "base/wakeup.h"
#include "ports/vault_upkeep.h"
#include "upkeep/expirer.h"

namespace postern::upkeep {

struct CaretakerOptions {
  Milliseconds look_at_room_every = std::chrono::seconds(5);
  Milliseconds expire_every = std::chrono::minutes(5);
  Milliseconds first_expiry_after = std::chrono::seconds(5);
  Milliseconds records_are_kept = std::chrono::hours(24 * 400);
};

class Caretaker {
 public:
  Caretaker(ports::VaultUpkeep& vault, Expirer& expirer, const Clock& clock,
            CaretakerOptions options = {});
  ~Caretaker();
  Caretaker(const Caretaker&) = delete;
  Caretaker& operator=(const Caretaker&) = delete;

  void start();
  void stop();

  // Why the vault's room gives cause for concern; nothing: there is enough.
  std::optional<std::string> alarm() const;

  // The thread's work; tests call it themselves.
  void look_at_room();
  void expire(const std::stop_token& stop);

 private:
  void run(const std::stop_token& stop);

  ports::VaultUpkeep& vault_;
  Expirer& expirer_;
  const Clock& clock_;
  const CaretakerOptions options_;
  struct Concern {
    ports::RoomState state = ports::RoomState::enough;
    std::string why;
  };
  Guarded<Concern> concern_;
  Wakeup stopped_;
  std::jthread thread_;
};

}  // namespace postern::upkeep
