#include "adapters/redis/documents.h"

#include <algorithm>
#include <span>
#include <unordered_set>

#include "adapters/redis/sent_scripts.h"
#include "base/text.h"
#include "policy/document_key.h"

namespace postern::redis {
namespace {

constexpr std::size_t kKeysAtOnce = 1'000;
constexpr std::int64_t kBytesAtOnce = std::int64_t{4} << 20;
constexpr std::size_t kIgnoredNamed = 3;

// A prefix is a text, not a pattern.
std::string as_pattern(const std::string& prefix) {
  std::string pattern;
  for (const char c : prefix) {
    if (std::string_view("\\*?[]^-").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern + "*";
}

class Fetcher {
 public:
  Fetcher(Connection& connection, const std::string& prefix)
      : connection_(connection), prefix_(prefix) {}

  Result<Fetched> take() { return std::move(fetched_); }

  // Sizes first: what comes in one answer stays bounded, whatever somebody has stored.
  Status fetch(std::span<const std::string> keys) {
    std::vector<std::string> names;
    names.reserve(keys.size());
    for (const auto& key : keys) names.push_back(prefix_ + key);
    std::vector<Command> commands;
    commands.reserve(keys.size());
    for (const auto& name : names) commands.push_back({"STRLEN", name});
    const auto sizes = connection_.ask_all(commands);
    if (!sizes) return sizes.error();
    Batch batch;
    for (std::size_t at = 0; at < keys.size(); ++at) {
      const Reply& size = (*sizes)[at];
      if (size.is_error("WRONGTYPE")) {
        refuse(keys[at], names[at], "not a string");
        continue;
      }
      if (auto done = expect("STRLEN", size, Reply::Kind::integer); !done) return done.error();
      if (size.integer > kMaxValueSize) {
        refuse(keys[at], names[at], "larger than 16 MiB");
        continue;
      }
      if (!batch.keys.empty() && batch.bytes + size.integer > kBytesAtOnce) {
        if (auto done = get(std::exchange(batch, Batch{})); !done) return done.error();
      }
      batch.keys.push_back(&keys[at]);
      batch.names.push_back(&names[at]);
      batch.bytes += size.integer;
    }
    if (batch.keys.empty()) return success();
    return get(batch);
  }

 private:
  struct Batch {
    std::vector<const std::string*> keys;
    std::vector<const std::string*> names;
    std::int64_t bytes = 0;
  };

  void refuse(const std::string& key, const std::string& name, std::string why) {
    fetched_.unreadable.push_back({key, "redis key " + printable(name, 300), std::move(why)});
  }

  Status get(const Batch& batch) {
    Command command{"MGET"};
    for (const auto* name : batch.names) command.emplace_back(*name);
    auto reply = connection_.ask(command);
    if (!reply) return reply.error();
    if (auto done = expect("MGET", *reply, Reply::Kind::array); !done) return done.error();
    if (reply->items.size() != batch.keys.size()) return error_of("MGET", *reply);
    for (std::size_t at = 0; at < batch.keys.size(); ++at) {
      Reply& value = reply->items[at];
      ports::RawDocument document;
      document.key = *batch.keys[at];
      document.origin = "redis key " + printable(*batch.names[at], 300);
      if (value.kind == Reply::Kind::text) document.json = std::move(value.text);
      fetched_.documents.push_back(std::move(document));
    }
    return success();
  }

  Connection& connection_;
  const std::string& prefix_;
  Fetched fetched_;
};

}  // namespace

bool is_document_key(std::string_view key) {
  const auto colon = key.find(':');
  if (colon == std::string_view::npos || key.size() > kMaxKeySize) return false;
  return std::ranges::any_of(policy::kAllDocumentTypes, [&](policy::DocumentType type) {
    return policy::to_string(type) == key.substr(0, colon);
  });
}

Result<FoundKeys> find_keys(Connection& connection, const std::string& prefix) {
  const std::string pattern = as_pattern(prefix);
  FoundKeys found;
  std::unordered_set<std::string> seen;
  std::string cursor = "0";
  do {
    const auto reply = connection.ask({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    if (!reply) return reply.error();
    if (auto done = expect("SCAN", *reply, Reply::Kind::array); !done) return done.error();
    if (reply->items.size() != 2) return error_of("SCAN", *reply);
    cursor = reply->items[0].text;
    for (const auto& name : reply->items[1].items) {
      if (!name.text.starts_with(prefix)) continue;
      std::string key = name.text.substr(prefix.size());
      const bool is_ours = key == "changes" || key == "events" || key.starts_with(kSentKeys);
      if (is_ours || !seen.insert(key).second) continue;
      if (is_document_key(key)) {
        found.keys.push_back(std::move(key));
      } else if (found.ignored.size() < kIgnoredNamed) {
        found.ignored.push_back(printable(name.text, 100));
      }
    }
  } while (cursor != "0");
  return found;
}

Result<Fetched> fetch(Connection& connection, const std::string& prefix,
                      const std::vector<std::string>& keys) {
  Fetcher fetcher(connection, prefix);
  const std::span<const std::string> all(keys);
  for (std::size_t at = 0; at < all.size(); at += kKeysAtOnce) {
    const auto some = all.subspan(at, std::min(kKeysAtOnce, all.size() - at));
    if (auto done = fetcher.fetch(some); !done) return done.error();
  }
  return fetcher.take();
}

}  // namespace postern::redis
