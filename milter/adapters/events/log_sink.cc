#include "adapters/events/log_sink.h"

#include "adapters/events/event_json.h"
#include "base/log.h"

namespace postern::events {

void LogEventSink::publish(ports::Event event) {
  log::info("event", {{"type", event.type}, {"data", data_json(event)}});
}

}  // namespace postern::events
