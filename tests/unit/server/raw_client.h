// A client that sends exactly the octets it is told to, for what no well-behaved client would do.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

#include "base/deadline.h"
#include "base/unique_fd.h"
#include "server/listen_socket.h"

namespace postern::test {

inline constexpr Milliseconds kPatience{20'000};  // a test that waits this long has failed

class RawClient {
 public:
  explicit RawClient(const server::ListenAddress& address);

  bool connected() const { return static_cast<bool>(fd_); }
  bool send(std::string_view bytes);
  // Sends as much as the peer takes before it closes.
  void send_until_refused(std::string_view bytes);
  void finish_sending() { ::shutdown(fd_.get(), SHUT_WR); }
  // Exactly `size` octets, or what came before the peer closed.
  std::string receive(std::size_t size);
  std::string receive_all();
  // Whether the peer closes the connection (and sends nothing first).
  bool is_closed_by_peer() { return receive(1).empty() && !timed_out_; }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  bool timed_out_ = false;
};

}  // namespace postern::test
