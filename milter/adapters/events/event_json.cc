#include "adapters/events/event_json.h"

#include <nlohmann/json.hpp>

namespace postern::events {

std::string data_json(const ports::Event& event) {
  nlohmann::ordered_json data = nlohmann::ordered_json::object();
  for (const auto& [name, value] : event.members) {
    std::visit([&, &member = name](const auto& held) { data[member] = held; }, value);
  }
  return data.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace postern::events
