#include "adapters/redis/connection.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace postern::redis {
namespace {

// No reply we ask for comes near it: documents are asked for by their size.
constexpr std::size_t kMaxReplyBytes = std::size_t{64} << 20;

struct FreeContext {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
};
struct FreeReply {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};

Reply to_value(const redisReply& reply) {
  Reply value;
  switch (reply.type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
      value.kind = Reply::Kind::text;
      value.text.assign(reply.str, reply.len);
      return value;
    case REDIS_REPLY_ERROR:
      value.kind = Reply::Kind::error;
      value.text.assign(reply.str, reply.len);
      return value;
    case REDIS_REPLY_INTEGER:
      value.kind = Reply::Kind::integer;
      value.integer = reply.integer;
      return value;
    case REDIS_REPLY_ARRAY:
      value.kind = Reply::Kind::array;
      value.items.reserve(reply.elements);
      for (std::size_t at = 0; at < reply.elements; ++at) {
        value.items.push_back(to_value(*reply.element[at]));
      }
      return value;
    default:  // REDIS_REPLY_NIL, and there is nothing else in RESP2
      return value;
  }
}

}  // namespace

struct Connection::Context {
  std::unique_ptr<redisContext, FreeContext> redis;
};

Connection::Connection(std::unique_ptr<Context> context, std::string name, Milliseconds patience,
                       std::stop_token stop, const Wakeup& stopping)
    : context_(std::move(context)),
      name_(std::move(name)),
      patience_(patience),
      stop_(std::move(stop)),
      stopping_(stopping) {}

Connection::~Connection() = default;

Error Connection::broken(std::string_view why) const {
  return temporary_error("redis " + name_ + ": " + printable(why, 200));
}

Result<std::unique_ptr<Connection>> Connection::open(const ServerAddress& address,
                                                     const Login& login, Milliseconds patience,
                                                     std::stop_token stop, const Wakeup& stopping) {
  auto context = std::make_unique<Context>();
  context->redis.reset(address.unix_path.empty()
                           ? redisConnectNonBlock(address.host.c_str(), address.port)
                           : redisConnectUnixNonBlock(address.unix_path.c_str()));
  std::unique_ptr<Connection> connection(
      new Connection(std::move(context), address.to_string(), patience, std::move(stop), stopping));
  const auto& redis = connection->context_->redis;
  if (!redis) return connection->broken("out of memory");
  if (redis->err != 0) return connection->broken(redis->errstr);
  if (auto done = connection->await_connected(); !done) return done.error();
  if (auto done = connection->log_in(login); !done) return done.error();
  if (auto done = connection->choose(address.database); !done) return done.error();
  return connection;
}

Status Connection::await_connected() {
  const Deadline deadline = Deadline::after(patience_);
  while (!deadline.passed()) {
    if (stop_.stop_requested()) return broken("stopping");
    std::array<pollfd, 2> waiting{pollfd{context_->redis->fd, POLLOUT, 0},
                                  pollfd{stopping_.fd(), POLLIN, 0}};
    if (::poll(waiting.data(), waiting.size(), deadline.poll_timeout()) <= 0) continue;
    if (waiting[0].revents == 0) continue;
    int code = 0;
    socklen_t size = sizeof code;
    if (::getsockopt(context_->redis->fd, SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
    if (code != 0) return broken(std::generic_category().message(code));
    return success();
  }
  return broken("no connection in time");
}

Status Connection::log_in(const Login& login) {
  if (login.password.empty()) return success();
  Command command{"AUTH"};
  if (!login.username.empty()) command.emplace_back(login.username);
  command.emplace_back(login.password.reveal());
  const auto reply = ask(command);
  if (!reply) return reply.error();
  if (reply->kind != Reply::Kind::text) return secret_error_of("AUTH", *reply);
  return success();
}

Status Connection::choose(unsigned database) {
  if (database == 0) return success();
  const std::string number = std::to_string(database);
  const auto reply = ask({"SELECT", number});
  if (!reply) return reply.error();
  return expect("SELECT", *reply, Reply::Kind::text);
}

Status Connection::append(const Command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const auto word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  if (redisAppendCommandArgv(context_->redis.get(), static_cast<int>(words.size()), words.data(),
                             sizes.data()) != REDIS_OK) {
    return broken("out of memory");
  }
  return success();
}

// Writes what is waiting and reads what has come, once. True: something has come.
Result<bool> Connection::exchange(Deadline deadline) {
  redisContext* redis = context_->redis.get();
  int all_written = 0;
  if (redisBufferWrite(redis, &all_written) != REDIS_OK) return broken(redis->errstr);
  const auto events = static_cast<short>(all_written != 0 ? POLLIN : POLLIN | POLLOUT);
  std::array<pollfd, 2> waiting{pollfd{redis->fd, events, 0}, pollfd{stopping_.fd(), POLLIN, 0}};
  if (::poll(waiting.data(), waiting.size(), deadline.poll_timeout()) < 0 && errno != EINTR) {
    return broken(std::generic_category().message(errno));
  }
  if ((waiting[0].revents & (POLLIN | POLLHUP | POLLERR)) == 0) return false;
  const std::size_t before = redis->reader->len;
  if (redisBufferRead(redis) != REDIS_OK) return broken(redis->errstr);
  unanswered_bytes_ += redis->reader->len - before;
  if (unanswered_bytes_ > kMaxReplyBytes) {
    overflowed_ = true;
    return broken("a reply is larger than 64 MiB");
  }
  return true;
}

Result<Reply> Connection::next_reply(Milliseconds patience) {
  Deadline deadline = Deadline::after(patience);
  redisContext* redis = context_->redis.get();
  while (true) {
    void* parsed = nullptr;
    if (redisReaderGetReply(redis->reader, &parsed) != REDIS_OK) {
      return broken(redis->reader->errstr);
    }
    if (parsed != nullptr) {
      const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(parsed));
      unanswered_bytes_ = 0;
      return to_value(*reply);
    }
    if (stop_.stop_requested()) return broken("stopping");
    if (deadline.passed()) return broken("no answer in time");
    const auto progress = exchange(deadline);
    if (!progress) return progress.error();
    if (*progress) deadline = Deadline::after(patience_);
  }
}

Result<Reply> Connection::ask(const Command& command, Milliseconds extra) {
  if (auto done = append(command); !done) return done.error();
  return next_reply(patience_ + extra);
}

Result<std::vector<Reply>> Connection::ask_all(const std::vector<Command>& commands) {
  for (const auto& command : commands) {
    if (auto done = append(command); !done) return done.error();
  }
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  for (std::size_t at = 0; at < commands.size(); ++at) {
    auto reply = next_reply(patience_);
    if (!reply) return reply.error();
    replies.push_back(std::move(*reply));
  }
  return replies;
}

}  // namespace postern::redis
