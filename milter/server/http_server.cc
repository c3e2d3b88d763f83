#include "server/http_server.h"

#include <httplib.h>

#include <exception>
#include <utility>

#include "base/deadline.h"
#include "base/log.h"
#include "base/metrics.h"
#include "server/accept_workers.h"

namespace postern::server {
namespace {

constexpr int kBacklog = 64;
constexpr std::size_t kThreads = 2;
// The library bounds a header line but neither their number nor the time they take, and it matches
// some values with std::regex, whose stack grows with its input. A monitor's request has a few
// hundred octets.
constexpr std::size_t kMaxRequest = 4096;

// A connection that ends after kMaxRequest octets or at the deadline.
class BoundedStream final : public httplib::Stream {
 public:
  BoundedStream(const Peer& peer, Deadline deadline) : peer_(peer), deadline_(deadline) {}

  bool is_readable() const override { return left_ > 0 && !deadline_.passed(); }
  bool is_writable() const override { return !deadline_.passed(); }
  ssize_t read(char* into, std::size_t size) override {
    // The library asks for single octets.
    if (taken_ == got_) {
      taken_ = 0;
      got_ = left_ == 0
                 ? 0
                 : peer_.read_some(buffer_.data(), std::min(buffer_.size(), left_), deadline_);
      left_ -= got_;
    }
    const std::size_t given = std::min(size, got_ - taken_);
    std::copy_n(buffer_.data() + taken_, given, into);
    taken_ += given;
    return static_cast<ssize_t>(given);
  }
  ssize_t write(const char* bytes, std::size_t size) override {
    return peer_.write_all({bytes, size}, deadline_) ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return peer_.fd(); }

 private:
  const Peer& peer_;
  Deadline deadline_;
  std::array<char, 1024> buffer_{};
  std::size_t taken_ = 0;
  std::size_t got_ = 0;
  std::size_t left_ = kMaxRequest;
};

// The library's requests and answers without its listener, which binds with SO_REUSEPORT (a second
// daemon would share the port unnoticed) and queues connections without a limit.
class Router final : public httplib::Server {
 public:
  Router(HttpServer::NotReady not_ready, HttpServer::Warning warning) {
    set_keep_alive_max_count(1);
    set_payload_max_length(0);
    Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", "text/plain");
    });
    Get("/readyz", [not_ready = std::move(not_ready), warning = std::move(warning)](
                       const httplib::Request&, httplib::Response& response) {
      std::string text;
      for (const std::string& reason : not_ready()) text += reason + "\n";
      response.status = text.empty() ? 200 : 503;
      if (text.empty()) {
        text = "ready\n";
        const auto warned = warning ? warning() : std::nullopt;
        if (warned) text += "warning: " + *warned + "\n";
      }
      response.set_content(text, "text/plain");
    });
    Get("/metrics", [](const httplib::Request&, httplib::Response& response) {
      response.set_content(metrics::render(), "text/plain; version=0.0.4");
    });
    set_exception_handler(
        [](const httplib::Request& request, httplib::Response& response, std::exception_ptr error) {
          std::string reason = "unknown";
          try {
            std::rethrow_exception(std::move(error));
          } catch (const std::exception& caught) {
            reason = caught.what();
          } catch (...) {
            reason = "not a std::exception";
          }
          log::error("an HTTP request failed", {{"path", request.path}, {"reason", reason}});
          response.status = 500;
          response.set_content("internal fault\n", "text/plain");
        });
  }

  void serve(const Peer& peer, Deadline deadline) {
    BoundedStream stream(peer, deadline);
    bool closed = false;
    process_request(stream, true, closed, nullptr);
  }
};

}  // namespace

class HttpServer::Impl {
 public:
  Impl(ListenSocket socket, UniqueFd wake, Milliseconds timeout, NotReady not_ready,
       Warning warning)
      : router_(std::move(not_ready), std::move(warning)),
        workers_(std::move(socket), std::move(wake), kThreads, [this, timeout](const Peer& peer) {
          router_.serve(peer, Deadline::after(timeout));
        }) {}

  std::uint16_t port() const { return workers_.address().port; }
  void stop() { workers_.stop(); }

 private:
  Router router_;
  AcceptWorkers workers_;  // last: its threads use the router
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
std::uint16_t HttpServer::bound_port() const { return impl_->port(); }
void HttpServer::stop() { impl_->stop(); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(const HttpOptions& options,
                                                      NotReady not_ready, Warning warning) {
  if (!options.listen.unix_path.empty()) {
    return permanent_error(options.listen.to_string() + ": HTTP listens on host:port only");
  }
  auto socket = ListenSocket::open(options.listen, SocketAccess{}, kBacklog);
  if (!socket) return socket.error();
  auto wake = make_wake();
  if (!wake) return wake.error();
  return std::unique_ptr<HttpServer>(
      new HttpServer(std::make_unique<Impl>(std::move(*socket), std::move(*wake), options.timeout,
                                            std::move(not_ready), std::move(warning))));
}

}  // namespace postern::server
