#include "server/control_server.h"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "base/deadline.h"
#include "base/log.h"
#include "server/accept_workers.h"
#include "server/listen_socket.h"

namespace postern::server {
namespace {

constexpr int kBacklog = 64;

std::optional<std::string> read_line(const Peer& peer, Deadline deadline) {
  std::string line;
  std::array<char, 16384> chunk;
  for (;;) {
    const std::string_view read(chunk.data(), peer.read_some(chunk.data(), chunk.size(), deadline));
    if (read.empty()) return std::nullopt;
    const std::size_t end = read.find('\n');
    line += read.substr(0, end);
    if (line.size() > kMaxControlRequest) return std::nullopt;
    if (end != std::string_view::npos) return line;
  }
}

std::string answer(const ControlServer::Handler& handler, const std::string& request) {
  try {
    return handler(request);
  } catch (const std::exception& error) {
    log::error("a control request failed", {{"reason", error.what()}});
  } catch (...) {
    log::error("a control request failed");
  }
  return R"({"error":"internal fault"})";
}

}  // namespace

class ControlServer::Workers {
 public:
  Workers(const ControlOptions& options, Handler handler, ListenSocket socket, UniqueFd wake)
      : workers_(std::move(socket), std::move(wake), options.threads,
                 [read_timeout = options.read_timeout, write_timeout = options.write_timeout,
                  handler = std::move(handler)](const Peer& peer) {
                   const auto request = read_line(peer, Deadline::after(read_timeout));
                   if (!request) return;
                   std::string line = answer(handler, *request);
                   std::replace(line.begin(), line.end(), '\n', ' ');
                   line += '\n';
                   static_cast<void>(peer.write_all(line, Deadline::after(write_timeout)));
                 }) {}

  void stop() { workers_.stop(); }

 private:
  AcceptWorkers workers_;
};

ControlServer::ControlServer(std::unique_ptr<Workers> workers) : workers_(std::move(workers)) {}
ControlServer::~ControlServer() = default;
void ControlServer::stop() { workers_->stop(); }

Result<std::unique_ptr<ControlServer>> ControlServer::start(const ControlOptions& options,
                                                            Handler handler) {
  ListenAddress address;
  address.unix_path = options.path;
  auto socket = ListenSocket::open(address, SocketAccess{}, kBacklog);
  if (!socket) return socket.error();
  auto wake = make_wake();
  if (!wake) return wake.error();
  return std::unique_ptr<ControlServer>(new ControlServer(std::make_unique<Workers>(
      options, std::move(handler), std::move(*socket), std::move(*wake))));
}

}  // namespace postern::server
