// Purpose:   a DNS in which some names are listed (A 127.0.0.2) and all others do not exist, as a
//            DNSBL's zone has it.
// Ownership: owns its socket and its thread.
// Threading: answers on a thread of its own.
// Failure:   a socket that cannot be made throws: the test fails.
#pragma once

#include <poll.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/wakeup.h"
#include "support/scripted_server.h"

namespace postern::test {

class ListingDns {
 public:
  explicit ListingDns(std::vector<std::string> listed)
      : listed_(std::move(listed)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (!socket_ || ::bind(socket_.get(), generic, size) != 0 ||
        ::getsockname(socket_.get(), generic, &size) != 0) {
      throw std::runtime_error("cannot bind a loopback socket");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ListingDns(const ListingDns&) = delete;
  ListingDns& operator=(const ListingDns&) = delete;
  ~ListingDns() {
    stop_.signal();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  void serve() {
    for (;;) {
      std::array<pollfd, 2> waiting{{{socket_.get(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
      if (::poll(waiting.data(), waiting.size(), -1) < 0) continue;
      if (waiting[1].revents != 0) return;
      std::array<char, 4096> packet;
      sockaddr_in from{};
      socklen_t size = sizeof from;
      auto* generic = reinterpret_cast<sockaddr*>(&from);
      const ssize_t got =
          ::recvfrom(socket_.get(), packet.data(), packet.size(), 0, generic, &size);
      if (got < 17) continue;
      const std::string reply =
          answer(std::string_view(packet.data(), static_cast<std::size_t>(got)));
      ::sendto(socket_.get(), reply.data(), reply.size(), 0, generic, size);
    }
  }

  // Header, the question as it came, and one A record where the name is listed.
  std::string answer(std::string_view query) const {
    std::string name;
    std::size_t at = 12;
    while (at < query.size() && query[at] != 0) {
      const auto length = static_cast<unsigned char>(query[at]);
      name += (name.empty() ? "" : ".") + std::string(query.substr(at + 1, length));
      at += 1U + length;
    }
    const std::string_view question = query.substr(12, at + 5 - 12);
    const bool is_listed =
        std::find(listed_.begin(), listed_.end(), ascii_lower(name)) != listed_.end();
    const bool is_a = query.substr(at + 1, 2) == std::string_view("\0\1", 2);
    const bool found = is_listed && is_a;
    std::string reply(query.substr(0, 2));
    reply += '\x85';                       // an answer, authoritative, recursion desired
    reply += is_listed ? '\x80' : '\x83';  // recursion available; no error, or no such name
    reply += std::string("\0\1\0", 3) + static_cast<char>(found ? 1 : 0) + std::string(4, '\0');
    reply += question;
    if (found) reply += std::string("\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\2", 16);
    return reply;
  }

  std::vector<std::string> listed_;
  UniqueFd socket_;
  Wakeup stop_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace postern::test
