// Purpose:   empties the outbox: hands each copy to the MTA, oldest first, until the MTA has it.
// Ownership: borrows outbox, submitter and clock.
// Threading: start() begins one thread, stop() ends it once the dialogue it is in has ended (which a
//            timeout bounds); wake() never blocks and is safe from any thread. pass() is for that
//            thread, and for tests without it.
// Failure:   a copy that fails waits, twice as long each time, and holds up no other. What the MTA
//            refuses for good (5xx), and what has waited for `give_up_after`, is kept and tried no
//            more: an error in the log, a metric, and a row that an operator may have tried again.
//            A row goes after the MTA's 250. A kill between that 250 and the commit that removes the
//            row hands the copy over a second time: twice rather than never. So does a connection that is
//            lost between the final dot and the reply.
// Units:     wall clock; a clock set back does not strand a copy.
// Source:    docs/operating.md, "The outbox".
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.h"
#include "ports/outbox.h"
#include "ports/submitter.h"

namespace postern::outbox {

struct WorkerOptions {
  Milliseconds timeout = std::chrono::seconds(60);  // over one dialogue
  Milliseconds first_pause = std::chrono::seconds(5);
  Milliseconds longest_pause = std::chrono::minutes(30);
  Milliseconds give_up_after = std::chrono::hours(24 * 5);
};

// After so many failed attempts.
Milliseconds pause_after(std::uint32_t attempts, const WorkerOptions& options);

class Worker {
 public:
  Worker(ports::Outbox& outbox, ports::Submitter& submitter, const Clock& clock,
         WorkerOptions options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  void stop();
  void wake();

  // Tries everything that is due. Answers how long nothing more will be, unless woken.
  Milliseconds pass();

 private:
  enum class Tried { done, failed, outbox_failed };
  Tried try_copy(const ports::OutboxRow& row);
  Tried refused(const ports::OutboxRow& row, const Error& error);
  Tried handed_over(const ports::OutboxRow& row);
  Milliseconds publish();
  bool is_stopping();
  void run();

  ports::Outbox& outbox_;
  ports::Submitter& submitter_;
  const Clock& clock_;
  const WorkerOptions options_;
  // The MTA has these, and the outbox could not note it down yet: not to be submitted again.
  std::set<std::int64_t> unrecorded_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace postern::outbox
