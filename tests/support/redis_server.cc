#include "support/redis_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

#include "base/unique_fd.h"
#include "support/eventually.h"

namespace postern::test {

class RedisClient {
 public:
  explicit RedisClient(std::uint16_t port) {
    const timeval patience{20, 0};
    context_.reset(redisConnectWithTimeout("127.0.0.1", port, patience));
    if (context_ && context_->err == 0) redisSetTimeout(context_.get(), patience);
  }
  bool connected() const { return context_ && context_->err == 0; }

  void send(const std::vector<std::string>& command) {
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const auto& word : command) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), words.data(),
                           sizes.data());
  }
  std::string receive() {
    void* raw = nullptr;
    if (redisGetReply(context_.get(), &raw) != REDIS_OK) {
      throw std::runtime_error(std::string("redis: ") + context_->errstr);
    }
    const std::unique_ptr<redisReply, void (*)(redisReply*)> reply(
        static_cast<redisReply*>(raw), [](redisReply* one) { freeReplyObject(one); });
    if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error(reply->str);
    return text_of(*reply);
  }

 private:
  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  static std::string text_of(const redisReply& reply) {
    if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
    if (reply.type != REDIS_REPLY_ARRAY) {
      return reply.str == nullptr ? std::string() : std::string(reply.str, reply.len);
    }
    std::string all;
    for (std::size_t at = 0; at < reply.elements; ++at) {
      all += (at == 0 ? "" : " ") + text_of(*reply.element[at]);
    }
    return all;
  }

  std::unique_ptr<redisContext, Free> context_;
};

namespace {

// The kernel's choice: bound, read back and freed.
std::uint16_t free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), plain, size) != 0 || ::getsockname(socket.get(), plain, &size) != 0) {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> options) : options_(std::move(options)) {
  // A dead server's connection must fail the command, not end the test program.
  (void)std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c)
  port_ = free_port();
  start();
}

RedisServer::~RedisServer() {
  if (pid_ > 0) kill();
}

void RedisServer::add_options(const std::vector<std::string>& options) {
  options_.insert(options_.end(), options.begin(), options.end());
}

void RedisServer::start() {
  std::vector<std::string> words = {"redis-server",
                                    "--port",
                                    std::to_string(port_),
                                    "--bind",
                                    "127.0.0.1",
                                    "--dir",
                                    directory_.path().string(),
                                    "--save",
                                    "",
                                    "--appendonly",
                                    "no",
                                    "--enable-debug-command",
                                    "local",
                                    "--unixsocket",
                                    unix_socket(),
                                    "--logfile",
                                    directory_ / "redis.log"};
  words.insert(words.end(), options_.begin(), options_.end());
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork failed");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test program that is killed leaves no server behind
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  const bool up = eventually([this] {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0) return true;
    client_ = std::make_unique<RedisClient>(port_);
    if (!client_->connected()) return false;
    try {
      client_->send({"PING"});
      return client_->receive() == "PONG";
    } catch (const std::runtime_error& what) {
      // A server that wants a password is up as well.
      return std::string(what.what()).starts_with("NOAUTH");
    }
  });
  if (!up || ::kill(pid_, 0) != 0) {
    pid_ = -1;
    throw std::runtime_error("redis-server does not start: " + read_file(directory_ / "redis.log"));
  }
}

void RedisServer::kill() {
  client_.reset();
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void RedisServer::signal(int number) const { ::kill(pid_, number); }

RedisClient& RedisServer::client() {
  if (!client_ || !client_->connected()) client_ = std::make_unique<RedisClient>(port_);
  if (!client_->connected()) throw std::runtime_error("redis-server does not answer");
  return *client_;
}

std::string RedisServer::operator()(const std::vector<std::string>& command) {
  client().send(command);
  return client().receive();
}

void RedisServer::pipeline(const std::vector<std::vector<std::string>>& commands) {
  constexpr std::size_t kAtOnce = 1'000;
  for (std::size_t from = 0; from < commands.size(); from += kAtOnce) {
    const std::size_t to = std::min(commands.size(), from + kAtOnce);
    for (std::size_t at = from; at < to; ++at) client().send(commands[at]);
    for (std::size_t at = from; at < to; ++at) (void)client().receive();
  }
}

void RedisServer::publish(const std::string& prefix, const std::string& key,
                          const std::string& json) {
  pipeline({{"MULTI"},
            {"SET", prefix + key, json},
            {"XADD", prefix + "changes", "MAXLEN", "~", "1000000", "*", "key", key},
            {"EXEC"}});
}

void RedisServer::remove(const std::string& prefix, const std::string& key) {
  pipeline({{"MULTI"},
            {"DEL", prefix + key},
            {"XADD", prefix + "changes", "MAXLEN", "~", "1000000", "*", "key", key},
            {"EXEC"}});
}

}  // namespace postern::test
