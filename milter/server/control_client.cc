#include "server/control_client.h"

#include <unistd.h>

#include <cerrno>

#include "adapters/net/stream.h"
#include "base/deadline.h"
#include "server/control_server.h"

namespace postern::server {
namespace {

// A list of stored mail or of users may be long; the daemon is trusted, a full disk of ours is not
// its fault.
constexpr std::size_t kMaxAnswer = 256 * 1024 * 1024;

}  // namespace

Result<std::string> ask(const std::string& socket_path, std::string_view request,
                        Milliseconds timeout) {
  if (request.size() > kMaxControlRequest || request.find('\n') != std::string_view::npos) {
    return permanent_error("the request is too long or more than one line");
  }
  const Deadline deadline = Deadline::after(timeout);
  if (::access(socket_path.c_str(), W_OK) != 0 && errno == EACCES) {
    return permanent_error(socket_path + ": permission denied");
  }
  net::Endpoint endpoint;
  endpoint.unix_path = socket_path;
  auto stream = net::Stream::connect(endpoint, deadline);
  if (!stream) return Error{stream.error().permanence, "daemon away: " + stream.error().what};
  const std::string line = std::string(request) + "\n";
  if (const Status sent = stream->write_all(line, deadline); !sent) return sent.error();
  return stream->read_line(kMaxAnswer, deadline);
}

}  // namespace postern::server
