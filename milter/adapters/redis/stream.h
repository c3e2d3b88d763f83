// Purpose:   the change stream: where it stands, what is new in it, and whether something was lost.
// Threading: one thread, like the connection it uses.
// Failure:   temporary Errors of the connection or the server.
// Source:    Redis XINFO STREAM and XREAD; the same on Redis 6.2, 7 and Valkey.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/redis/connection.h"

namespace postern::redis {

struct StreamId {
  std::uint64_t milliseconds = 0;
  std::uint64_t sequence = 0;

  static std::optional<StreamId> parse(std::string_view text);
  std::string to_string() const;
  friend auto operator<=>(const StreamId&,
                          const StreamId&) = default;  // NOLINT(modernize-use-nullptr)
};

// A stream that does not exist stands at 0-0.
struct StreamState {
  StreamId last;
  std::optional<StreamId> first_entry;  // nothing: it is empty
};

Result<StreamState> look_at_stream(Connection& connection, const std::string& stream);

// Nothing: every entry after `position` was still there when `state` was taken. Otherwise why that is
// not certain: in a stream that keeps fewer entries than are added between two looks it never is.
std::optional<std::string> gap_after(StreamId position, const StreamState& state);

struct StreamNews {
  StreamId last;  // of the entries read; the position asked from when there are none
  std::size_t entries = 0;
  std::vector<std::string> keys;  // distinct, in order; nothing in them is checked
};

// Waits up to `block` for the first entry, then takes at most kMaxEntries.
inline constexpr std::size_t kMaxEntries = 1'000;
Result<StreamNews> read_stream(Connection& connection, const std::string& stream, StreamId after,
                               Milliseconds block);

}  // namespace postern::redis
