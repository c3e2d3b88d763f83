#include "adapters/dns/caching_resolver.h"

#include <algorithm>
#include <optional>

#include "adapters/dns/message.h"
#include "base/text.h"

namespace postern::dns {
namespace {

std::size_t size_of(const std::string& key, const ports::DnsAnswer& answer) {
  std::size_t bytes = sizeof answer + 2 * key.size() + 128;
  bytes += answer.addresses.size() * sizeof(IpAddress);
  for (const auto& mx : answer.mx) bytes += sizeof(ports::MxHost) + mx.host.size();
  for (const auto& text : answer.texts) bytes += sizeof(std::string) + text.size();
  for (const auto& name : answer.names) bytes += sizeof(std::string) + name.size();
  return bytes;
}

}  // namespace

CachingResolver::CachingResolver(TimedResolver& behind, const Clock& clock, CacheOptions options)
    : behind_(behind), clock_(clock), options_(options) {}

void CachingResolver::State::drop(std::list<Entry>::iterator entry) {
  bytes -= entry->bytes;
  by_key.erase(entry->key);
  entries.erase(entry);
}

Result<ports::DnsAnswer> CachingResolver::query(const std::string& name, ports::DnsType type,
                                                Deadline deadline) {
  std::string key = std::string(to_string(type)) + " " + ascii_lower(name);
  const auto now = clock_.steady();
  auto known = state_.with([&](State& state) -> std::optional<ports::DnsAnswer> {
    const auto found = state.by_key.find(key);
    if (found == state.by_key.end()) return std::nullopt;
    const auto entry = found->second;
    if (entry->expires <= now) {
      state.drop(entry);
      return std::nullopt;
    }
    state.entries.splice(state.entries.begin(), state.entries, entry);
    return entry->answer;
  });
  if (known) return std::move(*known);

  auto timed = behind_.query_timed(name, type, deadline);
  if (!timed) return timed.error();
  remember(std::move(key), *timed);
  return std::move(timed->answer);
}

void CachingResolver::remember(std::string key, const TimedAnswer& timed) {
  const bool found = timed.answer.status == ports::DnsAnswer::Status::found;
  const auto ttl = std::min(timed.ttl, found ? options_.longest : options_.longest_negative);
  const std::size_t bytes = size_of(key, timed.answer);
  if (ttl <= std::chrono::seconds(0) || bytes > options_.most_bytes || options_.most_entries == 0) {
    return;
  }
  state_.with([&](State& state) {
    if (const auto old = state.by_key.find(key); old != state.by_key.end()) state.drop(old->second);
    while (!state.entries.empty() && (state.entries.size() >= options_.most_entries ||
                                      state.bytes + bytes > options_.most_bytes)) {
      state.drop(std::prev(state.entries.end()));
    }
    state.entries.push_front({key, timed.answer, clock_.steady() + ttl, bytes});
    state.by_key.emplace(std::move(key), state.entries.begin());
    state.bytes += bytes;
  });
}

}  // namespace postern::dns
