#include "server/socketmap_server.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "server/socketmap_protocol.h"

namespace postern::server {
namespace {

using Steady = std::chrono::steady_clock;

constexpr int kBacklog = 256;
// A connection that sends without pause gives way to the others after this much.
constexpr std::size_t kMaxReadPerTurn = std::size_t{16} * 1024;
// No further request is looked at while this much of the answers has not been taken.
constexpr std::size_t kMaxUnread = std::size_t{64} * 1024;

struct Connection {
  explicit Connection(UniqueFd fd_in) : fd(std::move(fd_in)), last_progress(Steady::now()) {}

  UniqueFd fd;
  std::string in;
  std::string out;
  std::size_t sent = 0;  // of `out`
  std::uint32_t events = EPOLLIN;
  Steady::time_point last_progress;

  std::size_t unread() const { return out.size() - sent; }
  bool within_request() const { return !in.empty() || unread() > 0; }
};

}  // namespace

class SocketmapServer::Loop {
 public:
  Loop(SocketmapOptions options, Lookup lookup, ListenSocket socket, UniqueFd epoll, UniqueFd wake)
      : options_(std::move(options)),
        lookup_(std::move(lookup)),
        socket_(std::move(socket)),
        epoll_(std::move(epoll)),
        wake_(std::move(wake)) {}

  ~Loop() { stop(); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  const ListenAddress& address() const { return socket_.address(); }

  Status begin() {
    if (!watch(socket_.fd(), EPOLLIN) || !watch(wake_.get(), EPOLLIN)) {
      return permanent_error("epoll: " + std::generic_category().message(errno));
    }
    thread_ = std::thread([this] { run(); });
    return success();
  }

  void stop() {
    stopping_ = true;
    ::eventfd_write(wake_.get(), 1);
    if (thread_.joinable()) thread_.join();
  }

 private:
  bool watch(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
  }

  void run() {
    std::array<epoll_event, 64> events{};
    Steady::time_point next_sweep = Steady::now();
    while (!stopping_) {
      const int ready = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                     connections_.empty() ? -1 : 1000);
      for (int i = 0; i < ready && !stopping_; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == socket_.fd()) {
          accept_all();
        } else if (const auto at = connections_.find(event.data.fd); at != connections_.end()) {
          if (!serve(at->second, event.events)) connections_.erase(at);
        }
      }
      if (Steady::now() >= next_sweep) {
        close_idle();
        next_sweep = Steady::now() + std::min(options_.stall_timeout, Milliseconds(1000));
      }
    }
    connections_.clear();
  }

  void accept_all() {
    // Bounded: whoever connects without end must not keep the others from being answered.
    for (int i = 0; i < 64; ++i) {
      UniqueFd fd(::accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd) {
        if (errno == EMFILE || errno == ENFILE) make_room();
        return;
      }
      if (connections_.size() >= options_.max_connections) make_room();
      const int number = fd.get();
      if (watch(number, EPOLLIN)) connections_.try_emplace(number, std::move(fd));
    }
  }

  void make_room() {
    const auto oldest = std::min_element(connections_.begin(), connections_.end(),
                                         [](const auto& a, const auto& b) {
                                           return a.second.last_progress < b.second.last_progress;
                                         });
    if (oldest == connections_.end()) return;
    log::warning("too many connections to the tables: the one idle longest is closed",
                 {{"socket", socket_.address().to_string()}});
    connections_.erase(oldest);
  }

  void close_idle() {
    const auto now = Steady::now();
    std::erase_if(connections_, [&](const auto& entry) {
      const Connection& connection = entry.second;
      const auto allowed =
          connection.within_request() ? options_.stall_timeout : options_.idle_timeout;
      return now - connection.last_progress > allowed;
    });
  }

  // False: this connection is to be closed.
  bool serve(Connection& connection, std::uint32_t events) {
    if ((events & EPOLLERR) != 0) return false;
    if ((events & (EPOLLIN | EPOLLHUP)) != 0 && !read_from(connection)) return false;
    // Answers are written as they are made: what the kernel takes does not count as unread, and so
    // a long run of requests is worked off without waiting for the next event.
    for (;;) {
      if (!write_to(connection)) return false;
      if (connection.unread() >= kMaxUnread) break;
      const auto answered = answer_next(connection);
      if (!answered) return false;
      if (!*answered) break;
    }
    return write_to(connection) && update_events(connection);
  }

  bool read_from(Connection& connection) {
    // Enough for the longest request and its framing; the rest waits in the kernel.
    const std::size_t room = std::max(options_.max_request + 16, kMaxReadPerTurn);
    if (connection.in.size() >= room) return true;
    std::array<char, kMaxReadPerTurn> chunk;
    const ssize_t got = ::recv(connection.fd.get(), chunk.data(),
                               std::min(chunk.size(), room - connection.in.size()), 0);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    // A request that drips in octet by octet is no progress: the clock runs from its first one.
    if (!connection.within_request()) connection.last_progress = Steady::now();
    connection.in.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
  }

  // Whether there was a request; nothing: the stream cannot be understood.
  std::optional<bool> answer_next(Connection& connection) {
    const Framed framed = next_request(connection.in, options_.max_request);
    if (const auto* fault = std::get_if<FramingError>(&framed)) {
      log::warning(
          "a client of the tables breaks the protocol",
          {{"socket", socket_.address().to_string()}, {"reason", std::string(fault->why)}});
      return std::nullopt;
    }
    const auto* request = std::get_if<Request>(&framed);
    if (request == nullptr) return false;
    connection.out += answer(request->payload);
    connection.in.erase(0, request->consumed);
    connection.last_progress = Steady::now();
    return true;
  }

  std::string answer(std::string_view payload) {
    const auto question = parse_question(payload);
    if (!question) return counted("none", permanent_reply("the request is no \"table key\""));
    const auto table = route::table_from(question->table);
    if (!table || std::find(options_.tables.begin(), options_.tables.end(), *table) ==
                      options_.tables.end()) {
      return counted(
          "none", permanent_reply("this socket serves no table " + printable(question->table, 64)));
    }
    return counted(std::string(route::to_string(*table)), look_up(*table, question->key));
  }

  Reply look_up(route::Table table, std::string_view key) {
    try {
      return reply_for(lookup_(table, key));
    } catch (const std::exception& error) {
      log::error("a table look-up failed",
                 {{"table", std::string(route::to_string(table))}, {"reason", error.what()}});
    } catch (...) {
      log::error("a table look-up failed", {{"table", std::string(route::to_string(table))}});
    }
    return temporary_reply("internal fault");
  }

  static std::string counted(const std::string& table, Reply reply) {
    metrics::count("postern_table_lookups_total",
                   {{"table", table}, {"answer", std::string(reply.word)}});
    return std::move(reply.bytes);
  }

  bool write_to(Connection& connection) {
    while (connection.unread() > 0) {
      const ssize_t sent = ::send(connection.fd.get(), connection.out.data() + connection.sent,
                                  connection.unread(), MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EINTR) continue;
        return errno == EAGAIN;
      }
      connection.sent += static_cast<std::size_t>(sent);
      connection.last_progress = Steady::now();
    }
    connection.out.clear();
    if (connection.out.capacity() > kMaxUnread) connection.out.shrink_to_fit();
    connection.sent = 0;
    return true;
  }

  bool update_events(Connection& connection) {
    const bool blocked = connection.unread() > 0;
    // Whoever does not take its answers is not read from either.
    const std::uint32_t wanted =
        blocked ? static_cast<std::uint32_t>(EPOLLOUT) : static_cast<std::uint32_t>(EPOLLIN);
    if (wanted == connection.events) return true;
    epoll_event event{};
    event.events = wanted;
    event.data.fd = connection.fd.get();
    connection.events = wanted;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd.get(), &event) == 0;
  }

  SocketmapOptions options_;
  Lookup lookup_;
  ListenSocket socket_;
  UniqueFd epoll_;
  UniqueFd wake_;
  std::atomic<bool> stopping_ = false;
  std::unordered_map<int, Connection> connections_;  // the thread's own
  std::thread thread_;
};

SocketmapServer::SocketmapServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
SocketmapServer::~SocketmapServer() = default;

const ListenAddress& SocketmapServer::address() const { return loop_->address(); }
void SocketmapServer::stop() { loop_->stop(); }

Result<std::unique_ptr<SocketmapServer>> SocketmapServer::start(SocketmapOptions options,
                                                                Lookup lookup) {
  auto socket = ListenSocket::open(options.listen, options.access, kBacklog);
  if (!socket) return socket.error();
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll || !wake) {
    return permanent_error("epoll: " + std::generic_category().message(errno));
  }
  auto loop = std::make_unique<Loop>(std::move(options), std::move(lookup), std::move(*socket),
                                     std::move(epoll), std::move(wake));
  if (const Status begun = loop->begin(); !begun) return begun.error();
  return std::unique_ptr<SocketmapServer>(new SocketmapServer(std::move(loop)));
}

}  // namespace postern::server
