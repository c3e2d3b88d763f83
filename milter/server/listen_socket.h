// Purpose:   opens the sockets that Postern listens on, one way for all of them.
// Ownership: a ListenSocket owns its descriptor, and the name of a unix socket in the file system.
// Threading: values; not shared between threads.
// Failure:   a permanent Error that names the address and what is wrong with it.
// Source:    the settings listen.*: "unix:/run/postern/tables.sock", "inet:127.0.0.1:8892", and
// libmilter's
//            own spelling "inet:8891@127.0.0.1" and "inet6:8891@::1".
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace postern::server {

struct ListenAddress {
  std::string unix_path;   // not empty: a unix socket
  std::string host;        // an IP address or a name; empty: all addresses
  std::uint16_t port = 0;  // 0: the kernel chooses

  // Without a scheme "/path" is a unix socket and "host:port" an inet one.
  static Result<ListenAddress> parse(std::string_view text);
  std::string to_string() const;
};

// Who may connect to a unix socket. Means nothing for inet sockets.
struct SocketAccess {
  mode_t mode = 0600;
  std::string group;  // empty: the daemon's own
};

class ListenSocket {
 public:
  // A unix socket that a crash left behind is removed; one that somebody answers on is an Error,
  // and so is anything that is no socket. Accepted TCP connections have TCP_NODELAY: Linux lets
  // them inherit it.
  static Result<ListenSocket> open(const ListenAddress& address, const SocketAccess& access,
                                   int backlog);
  ListenSocket(ListenSocket&&) noexcept = default;
  ListenSocket& operator=(ListenSocket&&) = delete;
  ListenSocket(const ListenSocket&) = delete;
  ListenSocket& operator=(const ListenSocket&) = delete;
  ~ListenSocket();  // removes the unix socket's name, if it is still this socket's

  int fd() const { return fd_.get(); }
  const ListenAddress& address() const { return address_; }  // with the port the kernel chose

 private:
  ListenSocket(UniqueFd fd, ListenAddress address);

  UniqueFd fd_;
  ListenAddress address_;
  // Which file the name led to after bind(2): another daemon's socket under our name is not ours to
  // remove.
  std::optional<std::pair<dev_t, ino_t>> file_;
};

}  // namespace postern::server
