#include "unit/server/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace postern::test {
namespace {

UniqueFd connect_to(const sockaddr* address, socklen_t length) {
  UniqueFd fd(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), address, length) != 0) return {};
  return fd;
}

}  // namespace

RawClient::RawClient(const server::ListenAddress& address) {
  if (!address.unix_path.empty()) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, address.unix_path.data(), address.unix_path.size());
    fd_ = connect_to(reinterpret_cast<const sockaddr*>(&name), sizeof name);
  } else {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &name.sin_addr);
    fd_ = connect_to(reinterpret_cast<const sockaddr*>(&name), sizeof name);
  }
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::send_until_refused(std::string_view bytes) { static_cast<void>(send(bytes)); }

std::string RawClient::receive(std::size_t size) {
  const Deadline deadline = Deadline::after(kPatience);
  std::string received;
  std::array<char, 65536> chunk;
  while (received.size() < size) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, deadline.poll_timeout()) <= 0) {
      timed_out_ = true;
      break;
    }
    const ssize_t got =
        ::recv(fd_.get(), chunk.data(), std::min(chunk.size(), size - received.size()), 0);
    if (got <= 0) break;
    received.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return received;
}

std::string RawClient::receive_all() { return receive(static_cast<std::size_t>(-1)); }

}  // namespace postern::test
