#include "outbox/worker.h"

#include <algorithm>

#include "base/log.h"
#include "base/metrics.h"

namespace postern::outbox {
namespace {

constexpr std::size_t kBatch = 100;
constexpr Milliseconds kOutboxAway = std::chrono::seconds(5);
// The age of the oldest copy is told anew so often, although nothing happens.
constexpr Milliseconds kLongestSleep = std::chrono::seconds(15);
constexpr std::uint32_t kMostDoublings = 16;

void count(const char* result) {
  metrics::count("postern_outbox_attempts_total", {{"result", result}});
}

}  // namespace

Milliseconds pause_after(std::uint32_t attempts, const WorkerOptions& options) {
  const std::uint32_t doublings = std::clamp<std::uint32_t>(attempts, 1, kMostDoublings) - 1;
  return std::min(options.first_pause * (std::int64_t{1} << doublings), options.longest_pause);
}

Worker::Worker(ports::Outbox& outbox, ports::Submitter& submitter, const Clock& clock,
               WorkerOptions options)
    : outbox_(outbox), submitter_(submitter), clock_(clock), options_(options) {}

Worker::~Worker() { stop(); }

void Worker::start() {
  outbox_.on_arrival([this] { wake(); });
  thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  outbox_.on_arrival({});
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Worker::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  changed_.notify_all();
}

bool Worker::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Worker::run() {
  while (!is_stopping()) {
    const Milliseconds pause = pass();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [this] { return woken_ || stopping_; });
    woken_ = false;
  }
}

Milliseconds Worker::pass() {
  for (;;) {
    const WallTime now = clock_.wall();
    const auto rows = outbox_.due(now, now + options_.longest_pause * 2, kBatch);
    if (!rows) {
      log::error("outbox: cannot be read", {{"error", rows.error().what}});
      return kOutboxAway;
    }
    if (rows->empty()) return publish();
    for (const ports::OutboxRow& row : *rows) {
      if (is_stopping()) return Milliseconds(0);
      // Submitting what cannot be noted down would mean submitting it again: nothing more for now.
      if (try_copy(row) == Tried::outbox_failed) return kOutboxAway;
    }
    publish();
  }
}

Worker::Tried Worker::try_copy(const ports::OutboxRow& row) {
  if (unrecorded_.count(row.row) > 0) return handed_over(row);
  const auto message = outbox_.fetch(row.row);
  if (!message) return refused(row, message.error());
  ports::Submission submission;
  submission.id = row.id;
  submission.sender = message->copy.sender;
  submission.recipients = message->copy.recipients;
  submission.bytes = message->bytes;
  submission.eight_bit = message->copy.eight_bit;
  submission.smtputf8 = message->copy.smtputf8;
  submission.ret = message->copy.ret;
  submission.envid = message->copy.envid;
  const auto answer = submitter_.submit(submission, Deadline::after(options_.timeout));
  if (!answer) return refused(row, answer.error());
  count("sent");
  log::info("outbox: handed over",
            {{"id", row.id},
             {"row", static_cast<std::uint64_t>(row.row)},
             {"recipients", static_cast<std::uint64_t>(submission.recipients.size())},
             {"answer", *answer}});
  return handed_over(row);
}

Worker::Tried Worker::handed_over(const ports::OutboxRow& row) {
  const Status noted = outbox_.done(row.row);
  if (noted) {
    unrecorded_.erase(row.row);
    return Tried::done;
  }
  unrecorded_.insert(row.row);
  log::error("outbox: handed over, which cannot be noted down",
             {{"id", row.id}, {"error", noted.error().what}});
  return Tried::outbox_failed;
}

Worker::Tried Worker::refused(const ports::OutboxRow& row, const Error& error) {
  const WallTime now = clock_.wall();
  const bool is_final = error.permanence == Permanence::permanent;
  Status noted = success();
  if (is_final || now - row.stored >= options_.give_up_after) {
    count("given_up");
    log::error(
        is_final ? "outbox: refused for good; the copy is kept, `vault retry` tries it again"
                 : "outbox: given up after too long; the copy is kept, `vault retry` tries "
                   "it again",
        {{"id", row.id}, {"row", static_cast<std::uint64_t>(row.row)}, {"error", error.what}});
    noted = outbox_.give_up(row.row, error.what);
  } else {
    count("postponed");
    const Milliseconds pause = pause_after(row.attempts + 1, options_);
    log::warning(
        "outbox: not handed over yet",
        {{"id", row.id}, {"row", static_cast<std::uint64_t>(row.row)}, {"error", error.what}});
    noted = outbox_.postpone(row.row, now + pause, error.what);
  }
  if (noted) return Tried::failed;
  log::error("outbox: cannot be written", {{"error", noted.error().what}});
  return Tried::outbox_failed;
}

Milliseconds Worker::publish() {
  const auto usage = outbox_.outbox_usage();
  if (!usage) return kOutboxAway;
  const WallTime now = clock_.wall();
  const auto seconds = [](auto span) { return std::chrono::duration<double>(span).count(); };
  metrics::set("postern_outbox_messages", static_cast<double>(usage->waiting));
  metrics::set("postern_outbox_given_up", static_cast<double>(usage->given_up));
  metrics::set("postern_outbox_oldest_seconds",
               usage->oldest ? std::max(0.0, seconds(now - *usage->oldest)) : 0.0);
  if (!usage->next_due) return kLongestSleep;
  return std::clamp(std::chrono::ceil<Milliseconds>(*usage->next_due - now), Milliseconds(0),
                    kLongestSleep);
}

}  // namespace postern::outbox
