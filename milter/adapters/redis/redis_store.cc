#include "adapters/redis/redis_store.h"

#include <utility>

#include "adapters/redis/documents.h"
#include "adapters/redis/sigpipe.h"

namespace postern::redis {
namespace {

constexpr std::string_view kStreamLimit = "1000000";

}  // namespace

RedisStore::RedisStore(RedisStoreOptions options) : options_(std::move(options)) {}
RedisStore::~RedisStore() = default;

std::string RedisStore::describe() const {
  return "redis " + options_.address.to_string() + " " + options_.prefix + "*";
}

Result<Connection*> RedisStore::connected() {
  if (!connection_) {
    auto opened = Connection::open(options_.address, options_.login, options_.patience, {}, never_);
    if (!opened) return opened.error();
    connection_ = std::move(*opened);
  }
  return connection_.get();
}

Error RedisStore::given_up(const Error& error) {
  connection_.reset();
  return error;
}

Result<std::vector<std::string>> RedisStore::keys() {
  const WithoutSigpipe guard;
  const auto connection = connected();
  if (!connection) return connection.error();
  auto found = find_keys(**connection, options_.prefix);
  if (!found) return given_up(found.error());
  return std::move(found->keys);
}

Result<std::map<std::string, std::string>> RedisStore::read(const std::vector<std::string>& keys) {
  const WithoutSigpipe guard;
  const auto connection = connected();
  if (!connection) return connection.error();
  auto fetched = fetch(**connection, options_.prefix, keys);
  if (!fetched) return given_up(fetched.error());
  std::map<std::string, std::string> texts;
  for (ports::RawDocument& document : fetched->documents) {
    if (document.json) texts.emplace(std::move(document.key), std::move(*document.json));
  }
  return texts;
}

Status RedisStore::write(const std::vector<ports::DocumentChange>& changes) {
  if (changes.empty()) return success();
  const WithoutSigpipe guard;
  const auto connection = connected();
  if (!connection) return connection.error();
  if (auto done = commit(**connection, changes); !done) return given_up(done.error());
  return success();
}

Status RedisStore::commit(Connection& connection,
                          const std::vector<ports::DocumentChange>& changes) {
  std::vector<std::string> names;
  names.reserve(changes.size());
  for (const auto& change : changes) names.push_back(options_.prefix + change.key);
  const std::string stream = options_.prefix + "changes";
  std::vector<Command> commands = {{"MULTI"}};
  Command word = {"XADD", stream, "MAXLEN", "~", kStreamLimit, "*"};
  for (std::size_t at = 0; at < changes.size(); ++at) {
    if (changes[at].json) {
      commands.push_back({"SET", names[at], *changes[at].json});
    } else {
      commands.push_back({"DEL", names[at]});
    }
    word.insert(word.end(), {"key", changes[at].key});
  }
  commands.push_back(std::move(word));
  commands.push_back({"EXEC"});
  const auto replies = connection.ask_all(commands);
  if (!replies) return replies.error();
  // A command that is refused while it is queued makes EXEC fail as a whole: its own words say why.
  for (std::size_t at = 0; at + 1 < replies->size(); ++at) {
    const Reply& reply = (*replies)[at];
    if (reply.kind == Reply::Kind::error) return error_of(commands[at].front(), reply);
  }
  if (auto done = expect("EXEC", replies->back(), Reply::Kind::array); !done) return done.error();
  for (const Reply& item : replies->back().items) {
    if (item.kind == Reply::Kind::error) return error_of("EXEC", item);
  }
  return success();
}

}  // namespace postern::redis
