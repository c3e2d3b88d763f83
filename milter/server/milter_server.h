// Purpose:   the milter: libmilter behind one class.
// Ownership: owns the listening socket and the sessions; borrows Services, which outlive stop().
// Threading: run() occupies one thread; stop() is called from another. Sessions run in libmilter's
// threads. Failure:   open() answers a permanent Error that names the address. run() answers an
// Error when libmilter
//            gave up by itself.
// Limits:    libmilter keeps its state in static variables and cannot start again once stopped: one
//            MilterServer in the life of a process.
// Source:    libmilter 8.17; Debian's takes a socket that is already open ("fd:3"), which is how
// the socket's mode,
//            TCP_NODELAY and a name left behind by a crash are our own matter.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "server/listen_socket.h"
#include "session/services.h"

namespace postern::server {

struct MilterOptions {
  ListenAddress listen;
  SocketAccess access{.mode = 0660, .group = {}};
  int backlog = 512;
  // How long a connection may say nothing; an SMTP client may take its time for a message.
  Milliseconds timeout{3'600'000};
  std::size_t max_connections = 5000;  // one more is refused, and Postfix says 451
};

class MilterServer {
 public:
  MilterServer(MilterOptions options, session::Services& services);
  ~MilterServer();  // stops
  MilterServer(const MilterServer&) = delete;
  MilterServer& operator=(const MilterServer&) = delete;

  // The socket listens when it returns; connections wait until run().
  Status open();
  const ListenAddress& address() const;  // after open(); with the port the kernel chose
  // Until stop(), or until libmilter gives up.
  Status run();
  // Ends run() at once, whatever is still open: the caller drains first (Services::draining).
  // False: a callback has not ended within `patience`, and then the Services must live as long as
  // the process.
  [[nodiscard]] bool stop(Milliseconds patience = Milliseconds(5000));

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::server
