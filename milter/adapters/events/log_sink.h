// Purpose:   the events of a daemon that has no Redis: a line in the log each.
// Ownership: nothing.
// Threading: as EventSink.
// Failure:   as the log's.
#pragma once

#include "ports/event_sink.h"

namespace postern::events {

class LogEventSink final : public ports::EventSink {
 public:
  void publish(ports::Event event) override;
};

}  // namespace postern::events
