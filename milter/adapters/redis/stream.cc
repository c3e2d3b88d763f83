#include "adapters/redis/stream.h"

#include <charconv>
#include <unordered_set>

namespace postern::redis {
namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || fault != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

// An entry is [id, [field, value, field, value …]]; its fields are nil when it has just been deleted.
std::optional<StreamId> id_of(const Reply& entry) {
  if (entry.kind != Reply::Kind::array || entry.items.empty()) return std::nullopt;
  return StreamId::parse(entry.items.front().text);
}

void collect_keys(const Reply& entry, StreamNews& news, std::unordered_set<std::string>& seen) {
  if (entry.items.size() < 2) return;
  const auto& fields = entry.items[1].items;
  for (std::size_t at = 0; at + 1 < fields.size(); at += 2) {
    if (fields[at].text != "key") continue;
    const std::string& key = fields[at + 1].text;
    if (seen.insert(key).second) news.keys.push_back(key);
  }
}

}  // namespace

std::optional<StreamId> StreamId::parse(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto milliseconds = number(text.substr(0, dash));
  const auto sequence = number(text.substr(dash + 1));
  if (!milliseconds || !sequence) return std::nullopt;
  return StreamId{*milliseconds, *sequence};
}

std::string StreamId::to_string() const {
  return std::to_string(milliseconds) + "-" + std::to_string(sequence);
}

Result<StreamState> look_at_stream(Connection& connection, const std::string& stream) {
  const auto reply = connection.ask({"XINFO", "STREAM", stream});
  if (!reply) return reply.error();
  if (reply->is_error("ERR no such key")) return StreamState{};
  if (auto done = expect("XINFO STREAM", *reply, Reply::Kind::array); !done) return done.error();
  StreamState state;
  bool has_last = false;
  for (std::size_t at = 0; at + 1 < reply->items.size(); at += 2) {
    const std::string& name = reply->items[at].text;
    const Reply& value = reply->items[at + 1];
    if (name == "last-generated-id") {
      const auto id = StreamId::parse(value.text);
      has_last = id.has_value();
      if (id) state.last = *id;
    } else if (name == "first-entry") {
      state.first_entry = id_of(value);
    }
  }
  if (!has_last) return temporary_error("redis XINFO STREAM: no last-generated-id in the answer");
  return state;
}

std::optional<std::string> gap_after(StreamId position, const StreamState& state) {
  const std::string here = "position " + position.to_string();
  if (state.last == position) return std::nullopt;
  if (state.last < position) return here + " is ahead of the stream: it was removed and begun anew";
  // Without a position in this stream nothing tells whether it is still the same one.
  if (position == StreamId{}) return "the stream has begun";
  // Entries are trimmed from the front: while ours or an older one is there, none after it is gone.
  if (state.first_entry && *state.first_entry <= position) return std::nullopt;
  return here + " is no longer in the stream: it was trimmed";
}

Result<StreamNews> read_stream(Connection& connection, const std::string& stream, StreamId after,
                               Milliseconds block) {
  const std::string count = std::to_string(kMaxEntries);
  const std::string wait = std::to_string(block.count());
  const std::string position = after.to_string();
  const auto reply =
      connection.ask({"XREAD", "COUNT", count, "BLOCK", wait, "STREAMS", stream, position}, block);
  if (!reply) return reply.error();
  StreamNews news;
  news.last = after;
  if (reply->kind == Reply::Kind::nil) return news;
  if (auto done = expect("XREAD", *reply, Reply::Kind::array); !done) return done.error();
  std::unordered_set<std::string> seen;
  for (const auto& one : reply->items) {
    if (one.items.size() < 2) continue;
    for (const auto& entry : one.items[1].items) {
      const auto id = id_of(entry);
      if (!id) return error_of("XREAD", entry);
      news.last = *id;
      ++news.entries;
      collect_keys(entry, news, seen);
    }
  }
  return news;
}

}  // namespace postern::redis
