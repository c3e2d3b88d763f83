#include "upkeep/caretaker.h"

#include <chrono>
#include <exception>

#include "base/log.h"
#include "base/metrics.h"

namespace postern::upkeep {

using ports::RoomState;

Caretaker::Caretaker(ports::VaultUpkeep& vault, Expirer& expirer, const Clock& clock,
                     CaretakerOptions options)
    : vault_(vault), expirer_(expirer), clock_(clock), options_(options) {}

Caretaker::~Caretaker() { stop(); }

void Caretaker::start() {
  if (thread_.joinable()) return;
  look_at_room();
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Caretaker::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  stopped_.signal();
  thread_ = {};
}

void Caretaker::run(const std::stop_token& stop) {
  SteadyTime next_expiry = clock_.steady() + options_.first_expiry_after;
  while (!stop.stop_requested()) {
    stopped_.wait(Deadline::after(options_.look_at_room_every));
    if (stop.stop_requested()) return;
    try {
      look_at_room();
      if (clock_.steady() < next_expiry) continue;
      expire(stop);
    } catch (const std::exception& error) {
      log::error("vault upkeep", {{"why", error.what()}});
    }
    next_expiry = clock_.steady() + options_.expire_every;
  }
}

void Caretaker::look_at_room() {
  const auto room = vault_.room();
  if (!room) {
    log::error("vault: its room cannot be told", {{"why", room.error().what}});
    return;
  }
  metrics::set("postern_vault_free_bytes", static_cast<double>(room->free));
  metrics::set("postern_vault_max_size_bytes", static_cast<double>(room->max_size));
  metrics::set("postern_vault_min_free_bytes", static_cast<double>(room->min_free));
  metrics::set("postern_vault_alarm", room->state == RoomState::enough ? 0
                                      : room->state == RoomState::low  ? 1
                                                                       : 2);
  const RoomState before = concern_.with([&](Concern& concern) {
    const RoomState old = concern.state;
    concern = {room->state, room->why};
    return old;
  });
  if (before == room->state) return;
  switch (room->state) {
    case RoomState::enough:
      log::info("vault: there is room again");
      break;
    case RoomState::low:
      log::warning(room->why + "; when it is full, what must be kept is answered 451");
      break;
    case RoomState::full:
      log::error(room->why + "; what must be kept is answered 451");
      break;
  }
}

std::optional<std::string> Caretaker::alarm() const {
  return concern_.with([](const Concern& concern) -> std::optional<std::string> {
    if (concern.state == RoomState::enough) return std::nullopt;
    return concern.why;
  });
}

void Caretaker::expire(const std::stop_token& stop) {
  const auto started = std::chrono::steady_clock::now();
  const auto sums = expirer_.round(stop);
  if (!sums) {
    metrics::count("postern_vault_expiry_failures_total");
    log::error("vault: what has ended cannot be removed", {{"why", sums.error().what}});
    return;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  metrics::set("postern_vault_expiry_seconds", took.count());
  if (sums->ended.rows > 0 || sums->moved > 0) {
    log::info("vault: removed what has ended", {{"rows", sums->ended.rows},
                                                {"messages", sums->ended.messages},
                                                {"bytes", sums->ended.bytes},
                                                {"moved", sums->moved}});
  }
  if (const Status forgotten = vault_.forget_records(clock_.wall() - options_.records_are_kept);
      !forgotten) {
    log::error("vault: old records cannot be removed", {{"why", forgotten.error().what}});
  }
}

}  // namespace postern::upkeep
