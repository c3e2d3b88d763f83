// Purpose:   a byte stream to another program, where every wait has a deadline.
// Ownership: owns its socket.
// Threading: one thread at a time.
// Failure:   temporary Errors naming the endpoint; input is bounded by the caller's limits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/wakeup.h"

namespace postern::net {

// "127.0.0.1:783", "[::1]:783", "host:783", "unix:/run/clamav/clamd.ctl".
struct Endpoint {
  std::string unix_path;  // not empty: a unix socket
  std::string host;
  std::uint16_t port = 0;
  static std::optional<Endpoint> parse(std::string_view text);
  std::string to_string() const;
};

class Stream {
 public:
  // Names are resolved with getaddrinfo(3), whose own time is not bounded by the deadline:
  // configure addresses where that matters.
  // `stop`, where there is one, ends every wait once it is signalled; it outlives the stream.
  static Result<Stream> connect(const Endpoint& endpoint, Deadline deadline,
                                const Wakeup* stop = nullptr);

  Status write_all(std::string_view bytes, Deadline deadline);
  // No more bytes will be written: the peer sees the end of input.
  Status shutdown_write();
  // What stands before `end`, which is taken as well. At most max_size octets, else an Error.
  Result<std::string> read_until(char end, std::size_t max_size, Deadline deadline);
  // One line without its line end (LF or CRLF). At most max_size octets, else an Error.
  Result<std::string> read_line(std::size_t max_size, Deadline deadline);
  // Up to the peer's end of output, at most max_size octets, else an Error.
  Result<std::string> read_all(std::size_t max_size, Deadline deadline);

 private:
  Stream(UniqueFd fd, std::string peer, const Wakeup* stop)
      : fd_(std::move(fd)), peer_(std::move(peer)), stop_(stop) {}
  Result<bool> fill(Deadline deadline);  // false: end of input

  UniqueFd fd_;
  std::string peer_;
  const Wakeup* stop_;
  std::string buffer_;
};

}  // namespace postern::net
