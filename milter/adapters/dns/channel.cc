#include "adapters/dns/channel.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "adapters/dns/message.h"

namespace postern::dns {
namespace {

constexpr int kDatagramSize = 1232;  // what passes every path unfragmented (DNS flag day 2020)

struct Reply {
  bool done = false;
  int status = ARES_ECANCELLED;
  std::vector<std::uint8_t> message;
};

void on_answer(void* argument, int status, int /*timeouts*/, unsigned char* octets, int size) {
  auto& reply = *static_cast<Reply*>(argument);
  reply.done = true;
  reply.status = status;
  if (octets == nullptr || size <= 0) return;
  try {
    reply.message.assign(octets, octets + size);
  } catch (...) {  // nothing may be thrown through c-ares
    reply.status = ARES_ENOMEM;
  }
}

void initialise_library() {
  static std::once_flag once;
  std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
}

bool set_servers(ares_channel channel, const std::vector<ServerAddress>& servers) {
  std::vector<ares_addr_port_node> nodes(servers.size());
  for (std::size_t i = 0; i < servers.size(); ++i) {
    auto& node = nodes[i];
    const auto& address = servers[i].address;
    const bool is_v4 = address.family() == IpAddress::Family::v4;
    node.next = i + 1 < nodes.size() ? &nodes[i + 1] : nullptr;
    node.family = is_v4 ? AF_INET : AF_INET6;
    std::memcpy(&node.addr, address.bytes().data(), is_v4 ? NS_INADDRSZ : NS_IN6ADDRSZ);
    node.udp_port = servers[i].port;
    node.tcp_port = servers[i].port;
  }
  return ares_set_servers_ports(channel, nodes.empty() ? nullptr : nodes.data()) == ARES_SUCCESS;
}

// c-ares reads a backslash as the escape of the octet after it.
std::string escaped(const std::string& name) {
  std::string result;
  for (const char c : name) {
    if (c == '\\') result += '\\';
    result += c;
  }
  return result;
}

}  // namespace

Result<std::unique_ptr<Channel>> Channel::open(const Options& options) {
  initialise_library();
  ares_options settings{};
  // Nothing of a name is ever completed from a search list: what a stranger's record names is whole.
  settings.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_EDNS;
  settings.timeout =
      static_cast<int>(std::clamp<long long>(options.try_timeout.count(), 1, 60'000));
  settings.tries = std::clamp(options.tries, 1, 10);
  settings.ednspsz = kDatagramSize;
  settings.domains = nullptr;
  settings.ndomains = 0;
  const int mask =
      ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_DOMAINS;
  ares_channel channel = nullptr;
  const int status = ares_init_options(&channel, &settings, mask);
  if (status != ARES_SUCCESS) {
    return temporary_error(std::string("the DNS cannot be asked: ") + ares_strerror(status));
  }
  std::unique_ptr<Channel> opened(new Channel(channel));
  if (!options.servers.empty() && !set_servers(channel, options.servers)) {
    return temporary_error("the DNS cannot be asked: its servers are not accepted");
  }
  return opened;
}

Channel::~Channel() { ares_destroy(channel_); }

Result<std::vector<std::uint8_t>> Channel::ask(const std::string& name, ports::DnsType type,
                                               Deadline deadline) {
  Reply reply;
  ares_query(channel_, escaped(name).c_str(), ns_c_in, wire_type(type), &on_answer, &reply);
  wait(reply.done, deadline);
  const bool late = !reply.done;
  if (late) {
    usable_ = false;
    ares_cancel(channel_);  // the reply goes out of scope: its callback is to run now, not later
  }
  const bool answered = reply.status == ARES_SUCCESS || reply.status == ARES_ENODATA ||
                        reply.status == ARES_ENOTFOUND;
  if (answered) return std::move(reply.message);
  return temporary_error(describe(name, type) + ": " +
                         (late ? "no answer in time" : ares_strerror(reply.status)));
}

void Channel::wait(const bool& done, Deadline deadline) {
  while (!done && !deadline.passed()) {
    ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
    const int wanted = ares_getsock(channel_, sockets, ARES_GETSOCK_MAXNUM);
    pollfd polled[ARES_GETSOCK_MAXNUM];
    nfds_t count = 0;
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
      const bool reads = ARES_GETSOCK_READABLE(wanted, i) != 0;
      const bool writes = (static_cast<unsigned>(wanted) >> (i + ARES_GETSOCK_MAXNUM) & 1U) != 0;
      if (!reads && !writes) continue;
      const int events = (reads ? POLLIN : 0) | (writes ? POLLOUT : 0);
      polled[count++] = {sockets[i], static_cast<short>(events), 0};
    }
    timeval until_deadline{};
    const auto left = deadline.remaining().count();
    until_deadline.tv_sec = left / 1000;
    until_deadline.tv_usec = left % 1000 * 1000;
    timeval next{};
    const timeval* const soonest = ares_timeout(channel_, &until_deadline, &next);
    const long long span = soonest->tv_sec * 1000LL + (soonest->tv_usec + 999) / 1000;
    const int ready = ::poll(polled, count, static_cast<int>(std::min<long long>(span, 60'000)));
    if (ready < 0 && errno != EINTR) return;
    if (ready <= 0) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (nfds_t i = 0; ready > 0 && i < count; ++i) {
      if (polled[i].revents == 0) continue;
      const int fd = polled[i].fd;
      const bool readable = (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool writable = (polled[i].revents & (POLLOUT | POLLERR | POLLHUP)) != 0;
      ares_process_fd(channel_, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
    }
  }
}

}  // namespace postern::dns
