#include "adapters/dns/cares_resolver.h"

#include <algorithm>

#include "adapters/dns/channel.h"
#include "adapters/dns/message.h"
#include "base/text.h"

namespace postern::dns {
namespace {

constexpr std::size_t kMostIdle = 64;
// A change of resolv.conf is noticed by channels that are opened after it.
constexpr std::chrono::seconds kLongestIdle{30};
constexpr int kMostQuestions = 8;  // for one name, its aliases counted

TimedAnswer no_such_domain() {
  TimedAnswer timed;
  timed.answer.status = ports::DnsAnswer::Status::no_domain;
  return timed;
}

}  // namespace

CaresResolver::CaresResolver(Options options) : options_(std::move(options)) {}
CaresResolver::~CaresResolver() = default;

Result<TimedAnswer> CaresResolver::query_timed(const std::string& name, ports::DnsType type,
                                               Deadline deadline) {
  std::string asked = ascii_lower(name);
  auto ttl = std::chrono::seconds::max();
  for (int i = 0; i < kMostQuestions; ++i) {
    if (!can_be_asked(asked)) return no_such_domain();
    const auto message = ask(asked, type, deadline);
    if (!message) return message.error();
    if (message->empty()) return no_such_domain();
    auto reading = read_message(*message, asked, type);
    if (!reading) return reading.error();
    ttl = std::min(ttl, reading->timed.ttl);
    if (!reading->alias) {
      reading->timed.ttl = ttl;
      return std::move(reading->timed);
    }
    asked = std::move(*reading->alias);
  }
  return temporary_error(describe(name, type) + ": its aliases lead nowhere");
}

Result<std::vector<std::uint8_t>> CaresResolver::ask(const std::string& name, ports::DnsType type,
                                                     Deadline deadline) {
  if (deadline.passed()) return temporary_error(describe(name, type) + ": no time left to ask");
  auto channel = take_idle();
  if (!channel) {
    auto opened = Channel::open(options_);
    if (!opened) return opened.error();
    channel = std::move(*opened);
  }
  auto message = channel->ask(name, type, deadline);
  if (channel->usable()) give_back(std::move(channel));
  return message;
}

std::unique_ptr<Channel> CaresResolver::take_idle() {
  const auto oldest = std::chrono::steady_clock::now() - kLongestIdle;
  std::vector<Idle> stale;  // closed outside the lock
  return idle_.with([&](std::vector<Idle>& idle) -> std::unique_ptr<Channel> {
    const auto fresh = std::find_if(idle.begin(), idle.end(),
                                    [&](const Idle& one) { return one.since >= oldest; });
    std::move(idle.begin(), fresh, std::back_inserter(stale));
    idle.erase(idle.begin(), fresh);
    if (idle.empty()) return nullptr;
    auto channel = std::move(idle.back().channel);
    idle.pop_back();
    return channel;
  });
}

void CaresResolver::give_back(std::unique_ptr<Channel> channel) {
  idle_.with([&](std::vector<Idle>& idle) {
    if (idle.size() >= kMostIdle) return;
    idle.push_back({std::move(channel), std::chrono::steady_clock::now()});
  });
}

}  // namespace postern::dns
