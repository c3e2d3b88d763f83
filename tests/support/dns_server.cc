#include "support/dns_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <stdexcept>

#include "base/text.h"

namespace postern::test {
namespace {

constexpr std::uint16_t kA = 1;
constexpr std::uint16_t kCname = 5;
constexpr std::uint16_t kSoa = 6;
constexpr std::uint16_t kPtr = 12;
constexpr std::uint16_t kMx = 15;
constexpr std::uint16_t kTxt = 16;
constexpr std::uint16_t kAaaa = 28;
constexpr std::uint16_t kOpt = 41;
constexpr unsigned kNxdomain = 3;
constexpr std::size_t kHeader = 12;

using Octets = std::string;

void put16(Octets& out, unsigned value) {
  out += static_cast<char>(value >> 8U & 0xffU);
  out += static_cast<char>(value & 0xffU);
}
void put32(Octets& out, std::uint32_t value) {
  put16(out, value >> 16U);
  put16(out, value & 0xffffU);
}
unsigned get16(std::string_view in, std::size_t at) {
  return static_cast<unsigned>(static_cast<unsigned char>(in[at])) << 8U |
         static_cast<unsigned char>(in[at + 1]);
}

void put_name(Octets& out, const std::string& name) {
  for (const auto label : split(name, '.')) {
    if (label.empty()) continue;
    out += static_cast<char>(label.size());
    out += label;
  }
  out += '\0';
}

struct Query {
  std::string name;
  Octets question;  // as it came
  Octets id;
  std::uint16_t type = 0;
  std::size_t datagram_size = 512;
};

std::optional<Query> read_query(std::string_view packet) {
  if (packet.size() < kHeader || get16(packet, 4) != 1) return std::nullopt;
  Query query;
  query.id = packet.substr(0, 2);
  std::size_t at = kHeader;
  while (at < packet.size() && packet[at] != 0) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(packet[at]));
    if (length > 63 || at + 1 + length >= packet.size()) return std::nullopt;
    if (!query.name.empty()) query.name += '.';
    query.name += packet.substr(at + 1, length);
    at += 1 + length;
  }
  if (at + 5 > packet.size()) return std::nullopt;
  query.type = static_cast<std::uint16_t>(get16(packet, at + 1));
  query.question = packet.substr(kHeader, at + 5 - kHeader);
  at += 5;
  // The OPT record, where there is one, stands alone behind the question.
  if (at + 5 <= packet.size() && packet[at] == 0 && get16(packet, at + 1) == kOpt) {
    query.datagram_size = get16(packet, at + 3);
  }
  return query;
}

struct Answer {
  Octets records;
  unsigned count = 0;
  Octets authority;
  unsigned authority_count = 0;
  unsigned code = 0;
};

void put_record(Octets& out, const Octets& owner, std::uint16_t type, std::uint32_t ttl,
                const Octets& data) {
  out += owner;
  put16(out, type);
  put16(out, 1);
  put32(out, ttl);
  put16(out, static_cast<unsigned>(data.size()));
  out += data;
}

Octets text_data(const std::vector<std::string>& strings) {
  Octets data;
  for (const auto& one : strings) {
    // A string holds 255 octets; a longer text is several.
    for (std::size_t at = 0; at == 0 || at < one.size(); at += 255) {
      const auto piece = one.substr(at, 255);
      data += static_cast<char>(piece.size());
      data += piece;
    }
  }
  return data;
}

std::vector<Octets> data_of(const DnsNode& node, std::uint16_t type) {
  std::vector<Octets> all;
  for (const auto& [raw_type, data] : node.raw) {
    if (raw_type == type) all.push_back(data);
  }
  if (type == kA || type == kAaaa) {
    for (const auto& address : node.addresses) {
      const bool is_v4 = address.family() == IpAddress::Family::v4;
      if (is_v4 != (type == kA)) continue;
      const auto& bytes = address.bytes();
      all.emplace_back(bytes.begin(), bytes.begin() + (is_v4 ? 4 : 16));
    }
  } else if (type == kMx) {
    for (const auto& mx : node.mx) {
      Octets data;
      put16(data, mx.preference);
      put_name(data, mx.host);
      all.push_back(std::move(data));
    }
  } else if (type == kTxt) {
    for (const auto& strings : node.texts) all.push_back(text_data(strings));
  } else if (type == kPtr) {
    for (const auto& name : node.names) {
      Octets data;
      put_name(data, name);
      all.push_back(std::move(data));
    }
  }
  return all;
}

void put_soa(Answer& answer, const DnsZone& zone) {
  if (!zone.gives_soa) return;
  Octets data;
  put_name(data, "ns.example");
  put_name(data, "root.example");
  for (const std::uint32_t field : {1U, 3600U, 600U, 86400U, zone.negative_ttl}) {
    put32(data, field);
  }
  put_record(answer.authority, Octets("\0", 1), kSoa, 3600, data);
  answer.authority_count = 1;
}

// Nothing: no answer is ever given.
std::optional<Answer> find_answer(const DnsZone& zone, const Query& query) {
  Answer answer;
  std::string name = query.name;
  Octets owner("\xc0\x0c", 2);  // points to the question's name
  for (int hops = 0; hops < 20; ++hops) {
    const DnsNode* const node = zone.find(name);
    if (node == nullptr) {
      if (!zone.is_above_others(name)) answer.code = kNxdomain;
      put_soa(answer, zone);
      return answer;
    }
    if (node->alias && query.type != kCname) {
      Octets data;
      put_name(data, *node->alias);
      put_record(answer.records, owner, kCname, zone.ttl, data);
      ++answer.count;
      if (!zone.follows_aliases) return answer;
      name = *node->alias;
      owner.clear();
      put_name(owner, name);
      continue;
    }
    const auto all = data_of(*node, query.type);
    for (const auto& data : all) put_record(answer.records, owner, query.type, zone.ttl, data);
    answer.count += static_cast<unsigned>(all.size());
    if (!all.empty()) return answer;
    if (node->silent_otherwise) return std::nullopt;
    put_soa(answer, zone);
    return answer;
  }
  return answer;
}

Octets packet_of(const Query& query, const Answer& answer, bool truncated) {
  Octets packet = query.id;
  put16(packet, 0x8180U | (truncated ? 0x0200U : 0U) | answer.code);
  put16(packet, 1);
  put16(packet, truncated ? 0 : answer.count);
  put16(packet, truncated ? 0 : answer.authority_count);
  put16(packet, 0);
  packet += query.question;
  if (!truncated) packet += answer.records + answer.authority;
  return packet;
}

Octets error_packet(const Query& query, unsigned code) {
  Answer answer;
  answer.code = code;
  return packet_of(query, answer, false);
}

Octets misbehave(DnsFault fault, const Query& query, Answer answer, bool is_udp) {
  switch (fault) {
    case DnsFault::none:
      break;
    case DnsFault::silence:
      return {};
    case DnsFault::servfail:
      return error_packet(query, 2);
    case DnsFault::refused:
      return error_packet(query, 5);
    case DnsFault::garbage:
      answer.records = Octets(40, '\xff');
      answer.count = 3;
      break;
    case DnsFault::wrong_question: {
      Query other = query;
      other.question.clear();
      put_name(other.question, "elsewhere.example");
      put16(other.question, query.type);
      put16(other.question, 1);
      return packet_of(other, answer, false);
    }
    case DnsFault::wrong_id: {
      Query other = query;
      other.id[0] = static_cast<char>(other.id[0] ^ 0x55);
      return packet_of(other, answer, false);
    }
    case DnsFault::cut_short:
      if (answer.records.size() > 4) answer.records.resize(answer.records.size() - 2);
      answer.authority.clear();
      answer.authority_count = 0;
      break;
    case DnsFault::truncated:
      return packet_of(query, answer, is_udp);
  }
  const Octets packet = packet_of(query, answer, false);
  return is_udp && packet.size() > query.datagram_size ? packet_of(query, answer, true) : packet;
}

Octets reply_to(const DnsZone& zone, const Query& query, bool is_udp) {
  const auto answer = find_answer(zone, query);
  if (!answer) return {};
  const DnsNode* const node = zone.find(query.name);
  return misbehave(node != nullptr ? node->fault : DnsFault::none, query, *answer, is_udp);
}

std::string describe(const Query& query, const char* how) {
  return query.name + " " + std::to_string(query.type) + " " + how;
}

}  // namespace

DnsServer::DnsServer(DnsZone zone) {
  serve(std::move(zone));
  // UDP and TCP on one port: the kernel chooses for TCP, and UDP takes the same if it is free.
  for (int i = 0; i < 50 && port_ == 0; ++i) {
    tcp_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    udp_ = UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(tcp_.get(), at, size) != 0 || ::listen(tcp_.get(), 64) != 0 ||
        ::getsockname(tcp_.get(), at, &size) != 0) {
      throw std::runtime_error("no socket for a DNS server");
    }
    if (::bind(udp_.get(), at, size) == 0) port_ = ntohs(address.sin_port);
  }
  if (port_ == 0) throw std::runtime_error("no port for a DNS server");
  thread_ = std::thread([this] { run(); });
}

DnsServer::~DnsServer() {
  stop_.signal();
  thread_.join();
}

void DnsServer::serve(DnsZone zone) { zone_.set(std::make_shared<const DnsZone>(std::move(zone))); }

std::vector<std::string> DnsServer::asked() const {
  return asked_.with([](const auto& asked) { return asked; });
}

void DnsServer::run() {
  for (;;) {
    std::array<pollfd, 3> polled = {pollfd{udp_.get(), POLLIN, 0}, pollfd{tcp_.get(), POLLIN, 0},
                                    pollfd{stop_.fd(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;
    if (polled[2].revents != 0) return;
    if (polled[0].revents != 0) answer_datagram();
    if (polled[1].revents != 0) answer_connection();
  }
}

void DnsServer::answer_datagram() {
  std::array<char, 4096> buffer{};
  sockaddr_in from{};
  socklen_t size = sizeof from;
  auto* const client = reinterpret_cast<sockaddr*>(&from);
  const ssize_t got =
      ::recvfrom(udp_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT, client, &size);
  if (got <= 0) return;
  const auto query = read_query({buffer.data(), static_cast<std::size_t>(got)});
  if (!query) return;
  asked_.with([&](auto& asked) { asked.push_back(describe(*query, "udp")); });
  const Octets reply = reply_to(*zone_.get(), *query, true);
  if (!reply.empty()) ::sendto(udp_.get(), reply.data(), reply.size(), 0, client, size);
}

// One question a connection is enough; a client that says nothing is left after a second.
void DnsServer::answer_connection() {
  const UniqueFd client(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!client) return;
  std::string received;
  while (received.size() < 2 || received.size() < 2 + get16(received, 0)) {
    pollfd polled{client.get(), POLLIN, 0};
    std::array<char, 4096> buffer{};
    if (::poll(&polled, 1, 1000) <= 0) return;
    const ssize_t got = ::recv(client.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    received.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const auto query = read_query(std::string_view(received).substr(2));
  if (!query) return;
  asked_.with([&](auto& asked) { asked.push_back(describe(*query, "tcp")); });
  const Octets reply = reply_to(*zone_.get(), *query, false);
  if (reply.empty()) return;
  Octets framed;
  put16(framed, static_cast<unsigned>(reply.size()));
  framed += reply;
  std::string_view left = framed;
  while (!left.empty()) {
    const ssize_t sent = ::send(client.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    left.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace postern::test
