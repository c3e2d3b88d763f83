// Purpose:   the daemon's end of the control socket: one request, one answer, one connection.
// Ownership: owns its socket and threads; what the handler needs outlives the server.
// Threading: the handler is called from several threads at once. stop() from any other thread.
// Failure:   a handler that throws is an answer {"error": ...}. Whoever sends no whole line in
// time, or too
//            much, loses the connection without an answer.
// Units:     octets, milliseconds.
// Source:    one line of JSON each way; docs/control.md lists the requests.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace postern::server {

inline constexpr std::size_t kMaxControlRequest =
    std::size_t{128} * 1024 * 1024;  // a message in hex

struct ControlOptions {
  std::string path;  // the socket is 0600: whoever may connect may do everything
  std::size_t threads = 2;
  Milliseconds read_timeout{10'000};   // for the whole request
  Milliseconds write_timeout{30'000};  // for the whole answer
};

class ControlServer {
 public:
  // Both are one line of JSON without its line end; line ends in the answer become blanks.
  using Handler = std::function<std::string(std::string_view request_json)>;

  // Listens when it returns.
  static Result<std::unique_ptr<ControlServer>> start(const ControlOptions& options,
                                                      Handler handler);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Waits for handlers that are running.
  void stop();

 private:
  class Workers;
  explicit ControlServer(std::unique_ptr<Workers> workers);
  std::unique_ptr<Workers> workers_;
};

}  // namespace postern::server
