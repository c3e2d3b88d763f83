#include "server/listen_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>

#include "base/text.h"

namespace postern::server {
namespace {

std::string describe_errno(int error) { return std::generic_category().message(error); }

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::string_view without_brackets(std::string_view host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2);
  }
  return host;
}

std::optional<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// Connection refused means that the name is there and nobody listens: only a crash leaves that
// behind.
Status remove_stale(const ListenAddress& address, const sockaddr_un& name) {
  struct stat found {};
  if (::lstat(address.unix_path.c_str(), &found) != 0) {
    if (errno == ENOENT) return success();
    return permanent_error(address.to_string() + ": " + describe_errno(errno));
  }
  if (!S_ISSOCK(found.st_mode)) {
    return permanent_error(address.to_string() + ": exists and is no socket");
  }
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return permanent_error("socket: " + describe_errno(errno));
  // EAGAIN: somebody listens and has a full backlog.
  if (::connect(probe.get(), generic(name), sizeof name) == 0 || errno == EAGAIN) {
    return permanent_error(address.to_string() + ": another process is listening on it");
  }
  if (errno != ECONNREFUSED) {
    return permanent_error(address.to_string() + ": " + describe_errno(errno));
  }
  if (::unlink(address.unix_path.c_str()) != 0 && errno != ENOENT) {
    return permanent_error(address.to_string() +
                           ": left behind and cannot be removed: " + describe_errno(errno));
  }
  return success();
}

Result<gid_t> group_id(const std::string& name) {
  std::vector<char> buffer(16384);
  group entry{};
  group* found = nullptr;
  if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return permanent_error("there is no group " + printable(name, 64));
  }
  return entry.gr_gid;
}

Result<UniqueFd> bind_unix(const ListenAddress& address, const SocketAccess& access) {
  const auto name = unix_address(address.unix_path);
  if (!name) return permanent_error(address.to_string() + ": path too long for a socket");
  if (const Status removed = remove_stale(address, *name); !removed) return removed.error();
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return permanent_error("socket: " + describe_errno(errno));
  // Linux gives the name the mode of the unbound socket, less the umask. So there is no moment at
  // which it is open to more than its owner, whatever the umask is, which belongs to the whole
  // process.
  if (::fchmod(fd.get(), 0600) != 0 || ::bind(fd.get(), generic(*name), sizeof *name) != 0) {
    return permanent_error(address.to_string() + ": " + describe_errno(errno));
  }
  const auto fail = [&](const std::string& why) {
    ::unlink(address.unix_path.c_str());
    return permanent_error(address.to_string() + ": " + why);
  };
  if (!access.group.empty()) {
    const auto group = group_id(access.group);
    if (!group) return fail(group.error().what);
    if (::lchown(address.unix_path.c_str(), static_cast<uid_t>(-1), *group) != 0) {
      return fail("group " + access.group + ": " + describe_errno(errno));
    }
  }
  if (::chmod(address.unix_path.c_str(), access.mode) != 0) return fail(describe_errno(errno));
  return fd;
}

Result<UniqueFd> bind_inet(const ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const int failed = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                                   port.c_str(), &hints, &found);
  if (failed != 0) return permanent_error(address.to_string() + ": " + ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
  Error last = permanent_error(address.to_string() + ": no address");
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    UniqueFd fd(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) continue;
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Small answers must not wait for the peer's delayed acknowledgement (40 ms each).
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::bind(fd.get(), at->ai_addr, at->ai_addrlen) == 0) return fd;
    last = permanent_error(address.to_string() + ": " + describe_errno(errno));
  }
  return last;
}

std::uint16_t port_of(int fd) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &length) != 0) return 0;
  if (bound.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
  }
  if (bound.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port);
  }
  return 0;
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const auto refuse = [text](std::string_view why) {
    return permanent_error("\"" + printable(text, 200) + "\": " + std::string(why));
  };
  ListenAddress address;
  std::string_view rest = text;
  const auto strip = [&rest](std::string_view scheme) {
    if (!starts_with_ignoring_case(rest, scheme)) return false;
    rest.remove_prefix(scheme.size());
    return true;
  };
  if (rest.starts_with('/') || strip("unix:") || strip("local:")) {
    if (rest.empty()) return refuse("a path is missing");
    if (rest.find('\0') != std::string_view::npos) return refuse("a path holds no NUL");
    address.unix_path = rest;
    return address;
  }
  if (!strip("inet6:")) strip("inet:");
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    const auto port = parse_port(rest.substr(0, at));
    if (!port) return refuse("the port is no number up to 65535");
    address.port = *port;
    address.host = without_brackets(rest.substr(at + 1));
    if (address.host.empty()) return refuse("a host is missing");
    return address;
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) {  // libmilter: "inet:8891" is every address
    const auto port = parse_port(rest);
    if (!port) return refuse("neither unix:/path nor inet:host:port");
    address.port = *port;
    return address;
  }
  const std::string_view host = rest.substr(0, colon);
  const auto port = parse_port(rest.substr(colon + 1));
  if (!port) return refuse("the port is no number up to 65535");
  if (host.find(':') != std::string_view::npos && !host.starts_with('[')) {
    return refuse("an IPv6 address needs [ ]");
  }
  address.port = *port;
  address.host = without_brackets(host);
  if (address.host.empty()) return refuse("a host is missing");
  return address;
}

std::string ListenAddress::to_string() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  const bool is_v6 = host.find(':') != std::string::npos;
  return "inet:" + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ListenSocket> ListenSocket::open(const ListenAddress& address, const SocketAccess& access,
                                        int backlog) {
  const bool is_unix = !address.unix_path.empty();
  auto fd = is_unix ? bind_unix(address, access) : bind_inet(address);
  if (!fd) return fd.error();
  ListenAddress bound = address;
  if (!is_unix) bound.port = port_of(fd->get());
  ListenSocket socket(std::move(*fd), std::move(bound));
  if (::listen(socket.fd(), backlog) != 0) {
    return permanent_error(address.to_string() + ": listen: " + describe_errno(errno));
  }
  return socket;
}

ListenSocket::ListenSocket(UniqueFd fd, ListenAddress address)
    : fd_(std::move(fd)), address_(std::move(address)) {
  struct stat found {};
  if (!address_.unix_path.empty() && ::lstat(address_.unix_path.c_str(), &found) == 0) {
    file_.emplace(found.st_dev, found.st_ino);
  }
}

ListenSocket::~ListenSocket() {
  if (!fd_ || !file_) return;
  struct stat found {};
  if (::lstat(address_.unix_path.c_str(), &found) == 0 &&
      *file_ == std::pair(found.st_dev, found.st_ino)) {
    ::unlink(address_.unix_path.c_str());
  }
}

}  // namespace postern::server
