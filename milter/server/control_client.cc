#include "server/control_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/deadline.h"
#include "base/unique_fd.h"
#include "server/accept_workers.h"
#include "server/control_server.h"

namespace postern::server {
namespace {

// A list of all stored mail is long; what must not happen is a client that grows without end.
constexpr std::size_t kMaxAnswer = std::size_t{256} * 1024 * 1024;
constexpr int kNeverWoken = -1;  // poll(2) passes over negative descriptors

std::string describe_errno(int error) { return std::generic_category().message(error); }

// A unix socket connects at once or not at all: only a full backlog waits, and that is the daemon's
// trouble.
Result<UniqueFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return permanent_error(path + ": path too long for a socket");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return permanent_error("socket: " + describe_errno(errno));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    return fd;
  }
  if (errno == EACCES || errno == EPERM) {
    return permanent_error(path + ": " + describe_errno(errno));
  }
  return temporary_error("daemon away: " + path + ": " + describe_errno(errno));
}

}  // namespace

Result<std::string> ask(const std::string& socket_path, std::string_view request,
                        Milliseconds timeout) {
  if (request.size() > kMaxControlRequest || request.find('\n') != std::string_view::npos) {
    return permanent_error("the request is too long or more than one line");
  }
  const Deadline deadline = Deadline::after(timeout);
  const auto fd = connect_to(socket_path);
  if (!fd) return fd.error();
  const Peer peer(fd->get(), kNeverWoken);
  if (!peer.write_all(std::string(request) + "\n", deadline)) {
    return temporary_error(socket_path + ": the daemon did not take the request");
  }
  std::string answer;
  std::array<char, 65536> chunk;
  for (;;) {
    const std::string_view read(chunk.data(), peer.read_some(chunk.data(), chunk.size(), deadline));
    if (read.empty()) {
      return temporary_error(socket_path + (deadline.passed() ? ": no answer in time"
                                                              : ": the daemon gave no answer"));
    }
    const std::size_t end = read.find('\n');
    answer += read.substr(0, end);
    if (end != std::string_view::npos) return answer;
    if (answer.size() > kMaxAnswer)
      return permanent_error(socket_path + ": the answer is too long");
  }
}

}  // namespace postern::server
