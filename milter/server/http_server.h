// Purpose:   GET /healthz, /readyz and /metrics for whoever watches the daemon.
// Ownership: owns its socket and threads; what the callbacks need outlives the server.
// Threading: two threads serve; the callback is called from both. stop() from any other thread.
// Failure:   anything else is 404. A request over 4 KiB, or one that takes longer than the
// time-out, loses
//            its connection.
// Source:    Prometheus text exposition format 0.0.4; docs/metrics.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/listen_socket.h"

namespace postern::server {

struct HttpOptions {
  ListenAddress listen;          // inet only
  Milliseconds timeout{10'000};  // for one request and its answer together
};

class HttpServer {
 public:
  // Why mail cannot be handled right now, one line each; empty: ready.
  using NotReady = std::function<std::vector<std::string>()>;

  // What will keep mail from being handled before long, one line; told while it is ready.
  using Warning = std::function<std::optional<std::string>()>;

  // Listens when it returns.
  static Result<std::unique_ptr<HttpServer>> start(const HttpOptions& options, NotReady not_ready,
                                                   Warning warning = nullptr);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t bound_port() const;
  void stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::server
