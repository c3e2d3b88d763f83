#include "adapters/redis/event_publisher.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

#include "adapters/events/event_json.h"
#include "adapters/redis/sigpipe.h"
#include "base/log.h"
#include "base/metrics.h"

namespace postern::redis {
namespace {

// Where there is no descriptor for a wake-up to be had, the queue is looked at this often.
constexpr Milliseconds kLookAgain{1'000};
constexpr Milliseconds kGoodbye{500};

}  // namespace

EventPublisher::EventPublisher(EventPublisherOptions options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      stream_(options_.prefix + "events"),
      stream_limit_(std::to_string(options_.stream_limit)) {}

EventPublisher::~EventPublisher() { stop(); }

void EventPublisher::start() {
  if (thread_.joinable()) return;
  stopping_.clear();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void EventPublisher::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  stopping_.signal();
  news_.signal();
  thread_ = {};
}

void EventPublisher::drop(const char* why, std::size_t how_many) {
  if (how_many == 0) return;
  metrics::count("postern_events_dropped_total", {}, static_cast<double>(how_many));
  log::warning("events dropped", {{"why", why}, {"count", static_cast<std::uint64_t>(how_many)}});
}

void EventPublisher::publish(ports::Event event) {
  const auto time = std::chrono::duration_cast<Milliseconds>(clock_.wall().time_since_epoch());
  Queued queued{std::move(event.type), std::to_string(time.count()), {}};
  event.type.clear();
  queued.data = events::data_json(event);
  const bool taken = queue_.with([&](auto& queue) {
    if (queue.size() >= options_.queue_limit) return false;
    queue.push_back(std::move(queued));
    return true;
  });
  if (taken) {
    news_.signal();
  } else {
    drop("the queue is full", 1);
  }
}

std::optional<EventPublisher::Queued> EventPublisher::front() const {
  return queue_.with([](const auto& queue) {
    return queue.empty() ? std::nullopt : std::optional<Queued>(queue.front());
  });
}

Result<bool> EventPublisher::send_queued(std::unique_ptr<Connection>& connection,
                                         const std::stop_token& stop) {
  while (const auto event = front()) {
    if (!connection) {
      auto opened =
          Connection::open(options_.address, options_.login, options_.patience, stop, stopping_);
      if (!opened) return opened.error();
      connection = std::move(*opened);
    }
    const auto reply = connection->ask({"XADD", stream_, "MAXLEN", "~", stream_limit_, "*", "type",
                                        event->type, "time", event->time, "data", event->data});
    if (!reply) {
      connection.reset();
      return reply.error();
    }
    // A server that refuses (no right, out of memory, a replica) may take it later.
    if (auto added = expect("XADD", *reply, Reply::Kind::text); !added) return added.error();
    queue_.with([](auto& queue) { queue.pop_front(); });
    metrics::count("postern_events_published_total", {{"type", event->type}});
  }
  return true;
}

void EventPublisher::run(const std::stop_token& stop) {
  const WithoutSigpipe guard;
  std::minstd_rand random(std::random_device{}());
  std::unique_ptr<Connection> connection;
  Milliseconds retry = options_.retry_from;
  bool away = false;
  while (!stop.stop_requested()) {
    news_.clear();
    const auto sent = send_queued(connection, stop);
    if (stop.stop_requested()) break;
    if (sent) {
      if (std::exchange(away, false)) log::info("events: the stream takes them again");
      retry = options_.retry_from;
      news_.wait(Deadline::after(kLookAgain));
      continue;
    }
    if (!std::exchange(away, true)) {
      log::warning("events wait: the stream does not take them", {{"why", sent.error().what}});
    }
    std::uniform_int_distribution<Milliseconds::rep> jitter(retry.count() / 2, retry.count());
    stopping_.wait(Deadline::after(Milliseconds(jitter(random))));
    retry = std::min(retry * 2, options_.retry_to);
  }
  if (!away) last_try(connection);
  drop("stopping", queue_.with([](auto& queue) { return std::exchange(queue, {}).size(); }));
}

// The old connection may have been left in the middle of an answer.
void EventPublisher::last_try(std::unique_ptr<Connection>& connection) {
  connection.reset();
  if (!front()) return;
  const Wakeup never;
  auto opened = Connection::open(options_.address, options_.login,
                                 std::min(options_.patience, kGoodbye), {}, never);
  if (!opened) return;
  connection = std::move(*opened);
  (void)send_queued(connection, {});
}

}  // namespace postern::redis
