// Purpose:   tells the admin API what the daemon has noticed: a mailbox to be created, a check that
//            failed.
// Ownership: takes the event.
// Threading: publish() is called from many threads at once.
// Failure:   none that a caller could see: an event is queued or, where the queue is full, dropped
//            and counted. No message ever waits for it.
// Source:    the contract's stream `<prefix>events`.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace postern::ports {

struct Event {
  std::string type;  // "provision"; one of a closed set
  // In this order, as the members of one JSON object. Texts are UTF-8.
  std::vector<std::pair<std::string, std::variant<std::string, std::int64_t, bool>>> members;
};

class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;

  virtual void publish(Event event) = 0;
};

}  // namespace postern::ports
