// Purpose:   a server that misbehaves as told, on a free loopback port: for what happens when an
// engine
//            is dead, slow, cut off, or talks nonsense.
// Ownership: owns its socket and threads; the destructor cuts every connection and joins them.
// Threading: each connection runs the script in a thread of its own.
// Failure:   a socket that cannot be made throws: the test fails.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

namespace postern::test {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// A socket bound to a free loopback port, and which.
inline UniqueFd bound_socket(std::uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (!fd || ::bind(fd.get(), generic, size) != 0 || ::getsockname(fd.get(), generic, &size) != 0) {
    throw std::runtime_error("cannot bind a loopback socket");
  }
  port = ntohs(address.sin_port);
  return fd;
}

// A port that nobody listens on now.
inline std::uint16_t free_port() {
  std::uint16_t port = 0;
  bound_socket(port);
  return port;
}

class ScriptedServer {
 public:
  class Connection {
   public:
    Connection(int fd, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}

    // Until the client has said all it will say (or the server stops).
    std::string read_to_end() {
      while (read_some()) continue;
      return read_;
    }
    // Until what has been read contains `mark`.
    std::string read_until(std::string_view mark) {
      while (read_.find(mark) == std::string::npos && read_some()) continue;
      return read_;
    }
    // False once the client has gone.
    bool send(std::string_view bytes) {
      return ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(bytes.size());
    }
    // One byte after the other, over and over, until the client has had enough.
    void drip(std::string_view bytes) {
      for (std::size_t at = 0; !stopping_ && send(bytes.substr(at % bytes.size(), 1)); ++at) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
    void send_for_ever(std::string_view bytes) {
      while (!stopping_ && send(bytes)) continue;
    }
    // Says nothing until the client leaves or the server stops.
    void hang() {
      read_to_end();
      wait_for_stop();
    }
    // The client sees a reset, not an end.
    void reset() {
      const linger abort_now{1, 0};
      ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort_now, sizeof abort_now);
    }

   private:
    bool read_some() {
      char chunk[4096];
      const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
      if (got <= 0) return false;
      read_.append(chunk, static_cast<std::size_t>(got));
      return true;
    }
    void wait_for_stop() const {
      while (!stopping_) {
        // The client's end wakes us early.
        pollfd gone{fd_, POLLHUP, 0};
        if (::poll(&gone, 1, 20) > 0 && (gone.revents & (POLLHUP | POLLERR)) != 0) return;
      }
    }

    int fd_;
    const std::atomic<bool>& stopping_;
    std::string read_;
  };
  using Script = std::function<void(Connection&)>;

  explicit ScriptedServer(Script script)
      : script_(std::move(script)), listener_(bound_socket(port_)) {
    if (::listen(listener_.get(), 16) != 0) throw std::runtime_error("cannot listen");
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~ScriptedServer() {
    stopping_ = true;
    ::shutdown(listener_.get(), SHUT_RDWR);  // wakes accept
    acceptor_.join();
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    for (;;) {
      UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!fd || stopping_) return;
      ++connections_;
      {
        const std::lock_guard lock(mutex_);
        open_.push_back(fd.get());
      }
      threads_.emplace_back([this, client = std::move(fd)]() mutable {
        Connection connection(client.get(), stopping_);
        script_(connection);
        const std::lock_guard lock(mutex_);
        std::erase(open_, client.get());
        client.reset();
      });
    }
  }

  Script script_;
  std::uint16_t port_ = 0;
  UniqueFd listener_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread>
      threads_;  // touched by the acceptor, then by the destructor after its end
  std::thread acceptor_;
};

}  // namespace postern::test
