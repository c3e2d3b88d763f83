// Purpose:   empties an outbox: hands each copy to the MTA, or to the server of the mailboxes, until that
//            has it, the oldest first, across restarts.
// Ownership: borrows outbox, submitter and clock, which outlive it; owns its thread.
// Threading: hurry() from any thread, and it never waits; start() and stop() from one. stop() waits
//            for the dialogue that is going on.
// Failure:   nothing is lost by one: a copy that is not taken waits longer each time, and does not hold up
//            the others; after `give_up_after` an alarm is raised and the copy stays. A kill between the
//            250 and our commit sends a copy twice: better twice than lost.
// Source:    docs/operating.md, "The outbox".
#pragma once

#include <string>
#include <thread>

#include "base/clock.h"
#include "base/wakeup.h"
#include "ports/outbox.h"
#include "ports/submitter.h"

namespace postern::outbox {

// What a 5xx means. The MTA's listener is our own: it is set up wrongly, and will not stay so. A mailbox
// that does not exist stays away: the alarm is raised at once.
enum class OnRefusal { try_again, give_up };

struct CourierOptions {
  std::string server = "the MTA";          // as the log calls it
  std::string metrics = "postern_outbox";  // what the metrics' names begin with
  OnRefusal on_refusal = OnRefusal::try_again;
  Milliseconds timeout = std::chrono::seconds(30);  // over one dialogue
  Milliseconds first_wait = std::chrono::seconds(2);
  Milliseconds longest_wait = std::chrono::minutes(10);
  Milliseconds give_up_after = std::chrono::hours(5 * 24);
};

class Courier {
 public:
  Courier(ports::Outbox& outbox, ports::Submitter& submitter, const Clock& clock,
          CourierOptions options = {});
  ~Courier();
  Courier(const Courier&) = delete;
  Courier& operator=(const Courier&) = delete;

  void start();
  void stop();
  // There is something new.
  void hurry() { news_.signal(); }

  // One round: tries what is due now. Answers how many copies the MTA took. (The thread's work; tests
  // call it themselves.)
  std::size_t round();

 private:
  void run(const std::stop_token& stop);
  enum class Attempt { taken, refused, not_ours };
  Attempt attempt(const ports::OutboxEntry& entry);
  bool is_final(const Error& error) const;
  void put_off(const ports::OutboxEntry& entry, const Error& error);
  void publish_standing();

  ports::Outbox& outbox_;
  ports::Submitter& submitter_;
  const Clock& clock_;
  const CourierOptions options_;
  Wakeup news_;
  std::stop_token stopping_;
  std::jthread thread_;
};

}  // namespace postern::outbox
