// Purpose:   a few threads that each accept a connection, serve it, and close it: for the servers
// that few
//            people use and that may take their time (HTTP, the control socket).
// Ownership: owns the listening socket and the threads.
// Threading: the callback runs in any of the threads. stop() from any other thread; it waits for
// callbacks. Failure:   what the callback throws is logged; the connection is closed. No queue: who
// is not served yet waits
//            in the kernel's backlog, and so no client can make the daemon grow.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string_view>
#include <thread>
#include <vector>

#include "base/deadline.h"
#include "base/unique_fd.h"
#include "server/listen_socket.h"

namespace postern::server {

// One accepted connection. Every wait ends at its deadline, or when the server stops.
class Peer {
 public:
  Peer(int fd, int wake) : fd_(fd), wake_(wake) {}

  // How many octets were read; 0: the end of input, the deadline, an error or the server's end.
  std::size_t read_some(char* into, std::size_t size, Deadline deadline) const;
  bool write_all(std::string_view bytes, Deadline deadline) const;
  int fd() const { return fd_; }

 private:
  int fd_;
  int wake_;
};

class AcceptWorkers {
 public:
  using Serve = std::function<void(const Peer&)>;

  AcceptWorkers(ListenSocket socket, UniqueFd wake, std::size_t threads, Serve serve);
  ~AcceptWorkers();
  AcceptWorkers(const AcceptWorkers&) = delete;
  AcceptWorkers& operator=(const AcceptWorkers&) = delete;

  const ListenAddress& address() const { return socket_.address(); }
  void stop();

 private:
  void run() const;

  const ListenSocket socket_;
  const UniqueFd wake_;  // an eventfd, readable for ever once stop() was called
  const Serve serve_;
  std::vector<std::thread> threads_;
};

// The eventfd that AcceptWorkers needs; made outside, where a failure can still be returned.
Result<UniqueFd> make_wake();

}  // namespace postern::server
