#include "support/milter_client.h"

#include <arpa/inet.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>
#include <thread>

#include "server/accept_workers.h"

namespace postern::test {
namespace {

constexpr std::uint32_t kProtocol = 6;
constexpr std::size_t kMaxPacket = 1024 * 1024;

void put_number(std::string& out, std::uint32_t number) {
  const std::uint32_t wire = htonl(number);
  out.append(reinterpret_cast<const char*>(&wire), sizeof wire);
}

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t wire = 0;
  std::memcpy(&wire, bytes.data() + at, sizeof wire);
  return ntohl(wire);
}

std::string with_nul(std::string_view text) {
  std::string bytes(text);
  bytes += '\0';
  return bytes;
}

std::string joined(const std::vector<std::string>& strings) {
  std::string bytes;
  for (const std::string& text : strings) bytes += with_nul(text);
  return bytes;
}

// The stages of SETSYMLIST, and the commands whose macros they list.
char command_of_stage(std::uint32_t stage) {
  switch (stage) {
    case SMFIM_CONNECT:
      return SMFIC_CONNECT;
    case SMFIM_HELO:
      return SMFIC_HELO;
    case SMFIM_ENVFROM:
      return SMFIC_MAIL;
    case SMFIM_ENVRCPT:
      return SMFIC_RCPT;
    case SMFIM_DATA:
      return SMFIC_DATA;
    case SMFIM_EOM:
      return SMFIC_BODYEOB;
    case SMFIM_EOH:
      return SMFIC_EOH;
    default:
      return '\0';
  }
}

Error broken(const std::string& what) { return permanent_error("milter protocol: " + what); }

bool is_modification(char command) {
  return std::string_view("+-2behimq").find(command) != std::string_view::npos;
}

bool ends_message(char command) {
  return std::string_view("acdrty4").find(command) != std::string_view::npos;
}

}  // namespace

std::string next_string(const std::string& payload, std::size_t& at) {
  const std::size_t end = std::min(payload.find('\0', at), payload.size());
  std::string text = payload.substr(at, end - at);
  at = std::min(end + 1, payload.size());
  return text;
}

Result<MilterClient> MilterClient::connect(const server::ListenAddress& address,
                                           Milliseconds patience) {
  sockaddr_storage name{};
  socklen_t length = 0;
  if (!address.unix_path.empty()) {
    auto& unix_name = reinterpret_cast<sockaddr_un&>(name);
    unix_name.sun_family = AF_UNIX;
    if (address.unix_path.size() >= sizeof unix_name.sun_path) return broken("path too long");
    std::memcpy(unix_name.sun_path, address.unix_path.data(), address.unix_path.size());
    length = sizeof unix_name;
  } else {
    auto& inet_name = reinterpret_cast<sockaddr_in&>(name);
    inet_name.sin_family = AF_INET;
    inet_name.sin_port = htons(address.port);
    if (::inet_pton(AF_INET, address.host.c_str(), &inet_name.sin_addr) != 1) {
      return broken(address.host + " is no IPv4 address");
    }
    length = sizeof inet_name;
  }
  UniqueFd fd(::socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), length) != 0) {
    return temporary_error(address.to_string() + ": " + std::strerror(errno));
  }
  return MilterClient(std::move(fd), patience);
}

Status MilterClient::send(char command, std::string_view payload) {
  put_number(out_, static_cast<std::uint32_t>(payload.size() + 1));
  out_ += command;
  out_ += payload;
  return success();
}

Status MilterClient::flush() {
  const std::string bytes = std::exchange(out_, {});
  if (server::Peer(fd_.get(), -1).write_all(bytes, Deadline::after(patience_))) return success();
  return broken("the milter does not read");
}

Result<Packet> MilterClient::receive() {
  if (const Status flushed = flush(); !flushed) return flushed.error();
  const Deadline deadline = Deadline::after(patience_);
  const server::Peer peer(fd_.get(), -1);
  for (;;) {
    const std::string_view waiting = std::string_view(in_).substr(taken_);
    if (waiting.size() >= 4) {
      const std::size_t size = number_at(waiting, 0);
      if (size == 0 || size > kMaxPacket) return broken("a packet of " + std::to_string(size));
      if (waiting.size() >= 4 + size) {
        Packet packet{waiting[4], std::string(waiting.substr(5, size - 1))};
        taken_ += 4 + size;
        if (taken_ == in_.size()) {
          in_.clear();
          taken_ = 0;
        }
        return packet;
      }
    }
    std::array<char, 65536> chunk;
    pollfd ready{fd_.get(), POLLIN, 0};
    if (::poll(&ready, 1, deadline.poll_timeout()) <= 0) return broken("no reply in time");
    const std::size_t got = peer.read_some(chunk.data(), chunk.size(), deadline);
    if (got == 0) return broken("the milter closed the connection");
    in_.append(chunk.data(), got);
  }
}

Status MilterClient::negotiate(std::uint32_t actions, std::uint32_t steps) {
  std::string offer;
  put_number(offer, kProtocol);
  put_number(offer, actions);
  put_number(offer, steps);
  auto answer = ask(SMFIC_OPTNEG, offer);
  if (!answer) return answer.error();
  const std::string& payload = answer->payload;
  if (answer->command != SMFIC_OPTNEG || payload.size() < 12) return broken("no negotiation");
  if (number_at(payload, 0) != kProtocol) return broken("another version");
  actions_ = number_at(payload, 4);
  steps_ = number_at(payload, 8);
  if ((actions_ & ~actions) != 0 || (steps_ & ~steps) != 0) {
    return broken("the milter wants what was not offered");
  }
  for (std::size_t at = 12; at + 4 <= payload.size();) {
    const char command = command_of_stage(number_at(payload, at));
    at += 4;
    std::istringstream names(next_string(payload, at));
    for (std::string name; names >> name;) asked_for_[command].push_back(name);
  }
  return success();
}

Status MilterClient::send_macros(char command, const Macros& more) {
  std::string payload(1, command);
  for (const std::string& name : asked_for_[command]) {
    const auto own = more.find(name);
    const auto general = macros_.find(name);
    if (own != more.end()) {
      payload += with_nul(name) + with_nul(own->second);
    } else if (general != macros_.end()) {
      payload += with_nul(name) + with_nul(general->second);
    }
  }
  return payload.size() > 1 ? send(SMFIC_MACRO, payload) : success();
}

Result<Packet> MilterClient::ask(char command, std::string_view payload) {
  if (const Status sent = send(command, payload); !sent) return sent.error();
  return receive();
}

// A step whose reply, where there is one, must be "continue".
Status MilterClient::tell(char command, std::string_view payload, std::uint32_t no_reply_bit) {
  if ((steps_ & no_reply_bit) != 0) return send(command, payload);
  const auto answer = ask(command, payload);
  if (!answer) return answer.error();
  if (answer->command != SMFIR_CONTINUE) {
    return broken(std::string("a step was answered with ") + answer->command);
  }
  return success();
}

Status MilterClient::connection(const std::string& host_name, char family, std::uint16_t port,
                                const std::string& address) {
  if (const Status sent = send_macros(SMFIC_CONNECT, {}); !sent) return sent;
  std::string payload = with_nul(host_name) + family;
  if (family != SMFIA_UNKNOWN) {
    const std::uint16_t wire = htons(port);
    payload.append(reinterpret_cast<const char*>(&wire), sizeof wire);
    payload += with_nul(address);
  }
  return tell(SMFIC_CONNECT, payload, SMFIP_NR_CONN);
}

Status MilterClient::helo(const std::string& name) {
  if (const Status sent = send_macros(SMFIC_HELO, {}); !sent) return sent;
  return tell(SMFIC_HELO, with_nul(name), SMFIP_NR_HELO);
}

Result<MilterOutcome> MilterClient::envelope(const MilterMail& mail, const Macros& more) {
  MilterOutcome outcome;
  Macros at_mail = more;
  at_mail.erase("i");  // Postfix does not know it yet
  if (const Status paused = think(); !paused) return paused.error();
  if (const Status sent = send_macros(SMFIC_MAIL, at_mail); !sent) return sent.error();
  auto answer = ask(SMFIC_MAIL, joined(mail.mail));
  if (!answer) return answer.error();
  outcome.mail = *answer;
  if (outcome.mail.command != SMFIR_CONTINUE) {
    outcome.end = outcome.mail;
    return outcome;
  }
  bool any_accepted = false;
  for (const auto& recipient : mail.recipients) {
    if (const Status paused = think(); !paused) return paused.error();
    if (const Status sent = send_macros(SMFIC_RCPT, any_accepted ? more : at_mail); !sent) {
      return sent.error();
    }
    answer = ask(SMFIC_RCPT, joined(recipient));
    if (!answer) return answer.error();
    outcome.recipients.push_back(*answer);
    any_accepted = any_accepted || answer->command == SMFIR_CONTINUE;
  }
  if (!any_accepted && !outcome.recipients.empty()) outcome.end = outcome.recipients.back();
  return outcome;
}

Status MilterClient::content(const MilterMail& mail, const Macros& more, MilterOutcome& outcome) {
  if (const Status paused = think(); !paused) return paused;
  if ((steps_ & SMFIP_NODATA) == 0) {
    if (const Status sent = send_macros(SMFIC_DATA, more); !sent) return sent;
    if (const Status told = tell(SMFIC_DATA, "", SMFIP_NR_DATA); !told) return told;
  }
  for (const auto& [name, value] : mail.headers) {
    const Status told = tell(SMFIC_HEADER, with_nul(name) + with_nul(value), SMFIP_NR_HDR);
    if (!told) return told;
  }
  if ((steps_ & SMFIP_NOEOH) == 0) {
    if (const Status told = tell(SMFIC_EOH, "", SMFIP_NR_EOH); !told) return told;
  }
  for (std::string_view rest = mail.body; !rest.empty();) {
    const std::string_view chunk = rest.substr(0, MILTER_CHUNK_SIZE);
    const auto answer = ask(SMFIC_BODY, chunk);
    if (!answer) return answer.error();
    if (answer->command == SMFIR_SKIP) break;
    if (answer->command != SMFIR_CONTINUE) {
      outcome.end = *answer;
      return success();
    }
    rest.remove_prefix(chunk.size());
  }
  return success();
}

Status MilterClient::end_of_message(const Macros& more, MilterOutcome& outcome) {
  if (const Status sent = send_macros(SMFIC_BODYEOB, more); !sent) return sent;
  auto answer = ask(SMFIC_BODYEOB, "");
  for (;;) {
    if (!answer) return answer.error();
    if (answer->command == SMFIR_PROGRESS) {
      ++outcome.progress;
    } else if (is_modification(answer->command)) {
      outcome.changes.push_back(*answer);
    } else if (ends_message(answer->command)) {
      outcome.end = *answer;
      return success();
    } else {
      return broken(std::string("an unknown reply ") + answer->command);
    }
    answer = receive();
  }
}

Result<MilterOutcome> MilterClient::deliver(const MilterMail& mail) {
  Macros more = mail.macros;
  more["i"] = mail.queue_id;
  auto outcome = envelope(mail, more);
  if (!outcome) return outcome;
  if (outcome->end.command == '\0') {
    if (const Status told = content(mail, more, *outcome); !told) return told.error();
  }
  if (outcome->end.command == '\0') {
    if (const Status told = end_of_message(more, *outcome); !told) return told.error();
  }
  // Postfix ends every transaction with it.
  if (const Status aborted = abort(); !aborted) return aborted.error();
  return outcome;
}

Status MilterClient::think() {
  if (pause_.count() == 0) return success();
  const Status flushed = flush();  // what was said before is on its way
  std::this_thread::sleep_for(pause_);
  return flushed;
}

Status MilterClient::abort() { return send(SMFIC_ABORT, ""); }

Status MilterClient::quit() {
  if (const Status sent = send(SMFIC_QUIT, ""); !sent) return sent;
  return flush();
}

}  // namespace postern::test
