#include "outbox/courier.h"

#include <algorithm>
#include <exception>

#include "base/log.h"
#include "base/metrics.h"

namespace postern::outbox {
namespace {

constexpr std::size_t kBatch = 50;
// So many in a row that the server did not take: it is the server, and the rest of them need not be tried.
constexpr int kTroubleOfTheServer = 3;
constexpr Milliseconds kLookAgain{1'000};

Milliseconds wait_after(int attempts, const CourierOptions& options) {
  Milliseconds wait = options.first_wait;
  for (int i = 0; i < attempts && wait < options.longest_wait; ++i) wait *= 2;
  return std::min(wait, options.longest_wait);
}

ports::Submission submission_of(const ports::OutboxEntry& entry, std::string_view bytes) {
  ports::Submission submission;
  submission.id = entry.id;
  submission.sender = entry.copy.sender;
  submission.recipients = entry.copy.recipients;
  submission.bytes = bytes;
  submission.is_finished = !entry.copy.header.empty();
  submission.eight_bit = entry.copy.eight_bit;
  submission.smtputf8 = entry.copy.smtputf8;
  submission.ret = entry.copy.ret;
  submission.envid = entry.copy.envid;
  return submission;
}

log::Fields fields_of(const ports::OutboxEntry& entry) {
  return {{"id", entry.id},
          {"recipient", entry.copy.recipients.empty() ? "" : entry.copy.recipients.front().address},
          {"recipients", static_cast<std::uint64_t>(entry.copy.recipients.size())},
          {"attempts", static_cast<std::uint64_t>(entry.attempts + 1)}};
}

}  // namespace

Courier::Courier(ports::Outbox& outbox, ports::Submitter& submitter, const Clock& clock,
                 CourierOptions options)
    : outbox_(outbox), submitter_(submitter), clock_(clock), options_(options) {}

Courier::~Courier() { stop(); }

void Courier::start() {
  if (thread_.joinable()) return;
  outbox_.on_arrival([this] { hurry(); });
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Courier::stop() {
  if (!thread_.joinable()) return;
  outbox_.on_arrival(nullptr);
  thread_.request_stop();
  news_.signal();
  thread_ = {};
}

void Courier::run(const std::stop_token& stop) {
  stopping_ = stop;
  while (!stop.stop_requested()) {
    news_.clear();
    try {
      while (!stop.stop_requested() && round() > 0) {
      }
      publish_standing();
    } catch (const std::exception& error) {
      log::error("outbox", {{"why", error.what()}});
    }
    if (!stop.stop_requested()) news_.wait(Deadline::after(kLookAgain));
  }
}

std::size_t Courier::round() {
  const auto due = outbox_.due(clock_.wall(), kBatch);
  if (!due) {
    log::error("outbox cannot be read", {{"why", due.error().what}});
    return 0;
  }
  std::size_t taken = 0;
  int refused = 0;
  for (const ports::OutboxEntry& entry : *due) {
    if (stopping_.stop_requested() || refused >= kTroubleOfTheServer) break;
    switch (attempt(entry)) {
      case Attempt::taken:
        ++taken;
        refused = 0;
        break;
      case Attempt::refused:
        ++refused;
        break;
      case Attempt::not_ours:
        break;
    }
  }
  return taken;
}

Courier::Attempt Courier::attempt(const ports::OutboxEntry& entry) {
  const auto bytes = outbox_.bytes(entry);
  if (!bytes) {
    // A fault of the vault's, of which no server has heard.
    put_off(entry, temporary_error(bytes.error().what));
    return Attempt::not_ours;
  }
  const auto answer =
      submitter_.submit(submission_of(entry, *bytes), Deadline::after(options_.timeout));
  if (!answer) {
    put_off(entry, answer.error());
    return is_final(answer.error()) ? Attempt::not_ours : Attempt::refused;
  }
  auto fields = fields_of(entry);
  fields.emplace_back("answer", *answer);
  log::info("copy handed to " + options_.server, fields);
  metrics::count(options_.metrics + "_attempts_total", {{"outcome", "taken"}});
  // Not forgotten, it would be sent again: rather late than twice, so it is put off at least.
  if (const Status forgotten = outbox_.sent(entry); !forgotten) {
    log::error("a copy that was sent cannot be forgotten, it may arrive twice",
               {{"id", entry.id}, {"why", forgotten.error().what}});
    static_cast<void>(outbox_.postpone(entry.row, clock_.wall() + options_.longest_wait,
                                       "sent, and not forgotten"));
  }
  return Attempt::taken;
}

bool Courier::is_final(const Error& error) const {
  return options_.on_refusal == OnRefusal::give_up && error.permanence == Permanence::permanent;
}

void Courier::put_off(const ports::OutboxEntry& entry, const Error& error) {
  metrics::count(options_.metrics + "_attempts_total",
                 {{"outcome", is_final(error) ? "refused" : "put_off"}});
  auto fields = fields_of(entry);
  fields.emplace_back("why", error.what);
  const WallTime now = clock_.wall();
  Status noted = success();
  if (is_final(error)) {
    log::error("a copy was refused by " + options_.server + "; it stays in the vault", fields);
    noted = outbox_.give_up(entry.row, error.what);
  } else if (now - entry.since >= options_.give_up_after) {
    log::error("a copy was not taken by " + options_.server + " in time; it stays in the outbox",
               fields);
    noted = outbox_.give_up(entry.row, error.what);
  } else {
    log::warning("a copy waits for " + options_.server, fields);
    noted = outbox_.postpone(entry.row, now + wait_after(entry.attempts, options_), error.what);
  }
  if (!noted) log::error("outbox cannot be written", {{"why", noted.error().what}});
}

void Courier::publish_standing() {
  const auto standing = outbox_.standing();
  if (!standing) return;
  metrics::set(options_.metrics + "_messages", static_cast<double>(standing->waiting));
  metrics::set(options_.metrics + "_given_up", static_cast<double>(standing->given_up));
  const std::chrono::duration<double> age =
      standing->oldest ? clock_.wall() - *standing->oldest : WallTime::duration::zero();
  metrics::set(options_.metrics + "_oldest_seconds", age.count());
}

}  // namespace postern::outbox
