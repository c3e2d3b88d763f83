// Purpose:   answers Postfix's table look-ups over the socketmap protocol (netstrings).
// Ownership: owns its socket and one thread; what the look-up callback needs outlives the server.
// Threading: one thread serves all connections and calls the look-up, which therefore answers from
// memory
//            and never waits. stop() from any other thread.
// Failure:   a look-up that throws, or answers what the protocol cannot carry, is TEMP. A client
// that breaks
//            the framing, is silent within a request, or does not read its answers loses its
//            connection.
// Units:     octets, connections, milliseconds.
// Source:    Postfix socketmap_table(5); docs/postfix.md says what Postfix makes of each answer.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "route/route.h"
#include "server/listen_socket.h"

namespace postern::server {

struct SocketmapOptions {
  ListenAddress listen;
  SocketAccess access;
  std::vector<route::Table> tables;    // what this socket serves; any other table is PERM
  std::size_t max_connections = 1000;  // one more, and the one that was idle longest is closed
  std::size_t max_request = 2000;      // octets of "<table> <key>"
  Milliseconds idle_timeout{600'000};  // between requests
  Milliseconds stall_timeout{20'000};  // within a request, or with an answer that is not read
};

class SocketmapServer {
 public:
  using Lookup = std::function<route::RouteAnswer(route::Table table, std::string_view key)>;

  // Listens when it returns.
  static Result<std::unique_ptr<SocketmapServer>> start(SocketmapOptions options, Lookup lookup);
  ~SocketmapServer();
  SocketmapServer(const SocketmapServer&) = delete;
  SocketmapServer& operator=(const SocketmapServer&) = delete;

  const ListenAddress& address() const;
  void stop();

 private:
  class Loop;
  explicit SocketmapServer(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace postern::server
