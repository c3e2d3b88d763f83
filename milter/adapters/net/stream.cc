#include "adapters/net/stream.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>

namespace postern::net {
namespace {

constexpr Milliseconds kBetweenTries{10};

std::string describe_errno(int error) { return std::generic_category().message(error); }

// Ok(false): the deadline passed first.
Result<bool> wait_for(int fd, short events, Deadline deadline, const Wakeup* stop) {
  for (;;) {
    std::array<pollfd, 2> waiting{
        {{fd, events, 0}, {stop == nullptr ? -1 : stop->fd(), POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), deadline.poll_timeout());
    if (ready > 0 && waiting[1].revents != 0) return temporary_error("stopping");
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return temporary_error("poll: " + describe_errno(errno));
  }
}

Status connect_to(int fd, const sockaddr* address, socklen_t length, const std::string& peer,
                  Deadline deadline, const Wakeup* stop) {
  for (;;) {
    if (::connect(fd, address, length) == 0) return success();
    // A UNIX socket with too many who wait: nothing has begun, and nothing tells when to try again.
    if (errno != EAGAIN || address->sa_family != AF_UNIX) break;
    if (deadline.passed()) return temporary_error(peer + ": connect: timed out");
    const Deadline next = Deadline::after(kBetweenTries).sooner_of(deadline);
    if (const auto waited = wait_for(-1, 0, next, stop); !waited) return waited.error();
  }
  if (errno != EINPROGRESS) {
    return temporary_error(peer + ": connect: " + describe_errno(errno));
  }
  const auto ready = wait_for(fd, POLLOUT, deadline, stop);
  if (!ready) return ready.error();
  if (!*ready) return temporary_error(peer + ": connect: timed out");
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return temporary_error(peer + ": connect: " + describe_errno(error));
  return success();
}

Result<UniqueFd> connect_unix(const Endpoint& endpoint, Deadline deadline, const Wakeup* stop) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.unix_path.size() >= sizeof address.sun_path) {
    return permanent_error(endpoint.to_string() + ": path too long for a socket");
  }
  std::memcpy(address.sun_path, endpoint.unix_path.data(), endpoint.unix_path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return temporary_error("socket: " + describe_errno(errno));
  const Status connected = connect_to(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                                      sizeof address, endpoint.to_string(), deadline, stop);
  if (!connected) return connected.error();
  return fd;
}

Result<UniqueFd> connect_inet(const Endpoint& endpoint, Deadline deadline, const Wakeup* stop) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const int failed = ::getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) return temporary_error(endpoint.to_string() + ": " + gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Error last = temporary_error(endpoint.to_string() + ": no address");
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    UniqueFd fd(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) continue;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const Status connected =
        connect_to(fd.get(), at->ai_addr, at->ai_addrlen, endpoint.to_string(), deadline, stop);
    if (connected) return fd;
    last = connected.error();
  }
  return last;
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  Endpoint endpoint;
  if (text.starts_with("unix:")) {
    endpoint.unix_path = text.substr(5);
    if (endpoint.unix_path.empty()) return std::nullopt;
    return endpoint;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc() || end != port.data() + port.size() || endpoint.port == 0 ||
      host.empty()) {
    return std::nullopt;
  }
  endpoint.host = host;
  return endpoint;
}

std::string Endpoint::to_string() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Stream> Stream::connect(const Endpoint& endpoint, Deadline deadline, const Wakeup* stop) {
  auto fd = endpoint.unix_path.empty() ? connect_inet(endpoint, deadline, stop)
                                       : connect_unix(endpoint, deadline, stop);
  if (!fd) return fd.error();
  return Stream(std::move(*fd), endpoint.to_string(), stop);
}

Status Stream::write_all(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return temporary_error(peer_ + ": write: " + describe_errno(errno));
    const auto ready = wait_for(fd_.get(), POLLOUT, deadline, stop_);
    if (!ready) return ready.error();
    if (!*ready) return temporary_error(peer_ + ": write: timed out");
  }
  return success();
}

Status Stream::shutdown_write() {
  if (::shutdown(fd_.get(), SHUT_WR) != 0) {
    return temporary_error(peer_ + ": shutdown: " + describe_errno(errno));
  }
  return success();
}

Result<bool> Stream::fill(Deadline deadline) {
  std::array<char, 16384> chunk;
  for (;;) {
    // Before every read: a peer that drips a byte at a time must not outlive the deadline.
    if (deadline.passed()) return temporary_error(peer_ + ": read: timed out");
    const ssize_t got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
    if (got > 0) {
      buffer_.append(chunk.data(), static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) return false;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return temporary_error(peer_ + ": read: " + describe_errno(errno));
    const auto ready = wait_for(fd_.get(), POLLIN, deadline, stop_);
    if (!ready) return ready.error();
    if (!*ready) return temporary_error(peer_ + ": read: timed out");
  }
}

Result<std::string> Stream::read_until(char end, std::size_t max_size, Deadline deadline) {
  for (std::size_t searched = 0;;) {
    const std::size_t at = buffer_.find(end, searched);
    if (at != std::string::npos && at <= max_size) {
      std::string text = buffer_.substr(0, at);
      buffer_.erase(0, at + 1);
      return text;
    }
    if (buffer_.size() > max_size) return temporary_error(peer_ + ": read: line too long");
    searched = buffer_.size();
    const auto more = fill(deadline);
    if (!more) return more.error();
    if (!*more) return temporary_error(peer_ + ": read: connection closed");
  }
}

Result<std::string> Stream::read_line(std::size_t max_size, Deadline deadline) {
  auto line = read_until('\n', max_size, deadline);
  if (line && line->ends_with('\r')) line->pop_back();
  return line;
}

Result<std::string> Stream::read_all(std::size_t max_size, Deadline deadline) {
  for (;;) {
    const auto more = fill(deadline);
    if (!more) return more.error();
    if (!*more) return std::exchange(buffer_, {});
    if (buffer_.size() > max_size) return temporary_error(peer_ + ": read: answer too long");
  }
}

}  // namespace postern::net
