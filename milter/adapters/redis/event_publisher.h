// Purpose:   events into the stream `<prefix>events`, for the admin API.
// Ownership: owns its connection, its queue and its thread.
// Threading: publish() from many threads at once, and it never waits; start() and stop() from one.
// Failure:   while the server is away, loading or refusing, events wait in the queue and are tried
//            again with a growing pause; what no longer fits is dropped, newest first, counted
//            (postern_events_dropped_total) and logged. An event whose answer was lost is sent again:
//            a reader may see it twice. What waits at stop() is given one short try and then dropped.
// Source:    XADD <prefix>events MAXLEN ~ <n> * type <type> time <ms since 1970> data <JSON object>.
//            The server's user needs +xadd on that stream (config/redis/postern.acl).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <thread>

#include "adapters/redis/connection.h"
#include "adapters/redis/url.h"
#include "base/clock.h"
#include "base/guarded.h"
#include "base/wakeup.h"
#include "ports/event_sink.h"

namespace postern::redis {

struct EventPublisherOptions {
  ServerAddress address;
  std::string prefix = "postern:";
  Login login;
  std::size_t queue_limit = 1'000;
  std::uint64_t stream_limit = 100'000;
  Milliseconds patience{5'000};  // without any answer the server counts as away
  Milliseconds retry_from{50};
  Milliseconds retry_to{5'000};
};

class EventPublisher final : public ports::EventSink {
 public:
  EventPublisher(EventPublisherOptions options, const Clock& clock);
  ~EventPublisher() override;

  void start();
  void stop();
  void publish(ports::Event event) override;

 private:
  struct Queued {
    std::string type;
    std::string time;
    std::string data;
  };

  void run(const std::stop_token& stop);
  // Until there is nothing left (true), or something fails.
  Result<bool> send_queued(std::unique_ptr<Connection>& connection, const std::stop_token& stop);
  void last_try(std::unique_ptr<Connection>& connection);
  std::optional<Queued> front() const;
  void drop(const char* why, std::size_t how_many);

  const EventPublisherOptions options_;
  const Clock& clock_;
  const std::string stream_;
  const std::string stream_limit_;
  Guarded<std::deque<Queued>> queue_;
  Wakeup news_;
  Wakeup stopping_;
  std::jthread thread_;
};

}  // namespace postern::redis
