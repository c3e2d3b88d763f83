#include "support/scripted_smtp_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>

#include "base/text.h"

namespace postern::test {
namespace {

std::string verb_of(const std::string& command) {
  std::string verb = command.substr(0, command.find_first_of(" :"));
  for (char& c : verb) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return verb;
}

std::string good_answer(const std::string& verb) {
  if (verb == "greeting") return "220 mx.test ESMTP\r\n";
  if (verb == "EHLO" || verb == "LHLO") {
    return "250-mx.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n"
           "250-SMTPUTF8\r\n250 DSN\r\n";
  }
  if (verb == "DATA") return "354 go on\r\n";
  if (verb == ".") return "250 2.0.0 Ok: queued as 4Xyz\r\n";
  if (verb == "QUIT") return "221 2.0.0 Bye\r\n";
  if (verb == "HELO" || verb == "MAIL" || verb == "RCPT" || verb == "RSET")
    return "250 2.1.0 Ok\r\n";
  return "500 5.5.2 unknown\r\n";
}

}  // namespace

ScriptedSmtpServer::ScriptedSmtpServer(Script script) : script_(std::move(script)) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  stop_read_ = UniqueFd(ends[0]);
  stop_write_ = UniqueFd(ends[1]);
  listener_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (!listener_ ||
      ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_.get(), 64) != 0 ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no listening socket");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

ScriptedSmtpServer::~ScriptedSmtpServer() {
  stop_write_.reset();  // whoever polls the other end sees it
  thread_.join();
}

std::vector<std::string> ScriptedSmtpServer::commands() const {
  return heard_.with([](const Heard& heard) { return heard.commands; });
}

std::string ScriptedSmtpServer::message() const {
  return heard_.with([](const Heard& heard) { return heard.message; });
}

bool ScriptedSmtpServer::wait_for(int fd, short events) {
  std::array<pollfd, 2> waiting{{{fd, events, 0}, {stop_read_.get(), POLLIN, 0}}};
  while (::poll(waiting.data(), waiting.size(), -1) < 0) {
    if (errno != EINTR) return false;
  }
  return waiting[1].revents == 0;
}

void ScriptedSmtpServer::serve() {
  while (wait_for(listener_.get(), POLLIN)) {
    const UniqueFd client(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client) converse(client.get());
  }
}

bool ScriptedSmtpServer::send(int client, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(client, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN || !wait_for(client, POLLOUT)) {
      return false;
    }
  }
  return true;
}

bool ScriptedSmtpServer::read_until(int client, std::string& buffer, const std::string& end,
                                    std::string& taken) {
  for (;;) {
    const std::size_t at = buffer.find(end);
    if (at != std::string::npos) {
      taken = buffer.substr(0, at);
      buffer.erase(0, at + end.size());
      return true;
    }
    std::array<char, 65536> chunk;
    const ssize_t got = ::recv(client, chunk.data(), chunk.size(), 0);
    if (got > 0) {
      buffer.append(chunk.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EAGAIN || !wait_for(client, POLLIN)) {
      return false;
    }
  }
}

// Until the client has had enough. Answers false: this client is done with.
bool ScriptedSmtpServer::misbehave(int client, Misdeed misdeed) {
  switch (misdeed) {
    case Misdeed::none:
      return true;
    case Misdeed::close:
      return false;
    case Misdeed::silence: {
      std::string buffer;
      std::string taken;
      read_until(client, buffer, std::string("\0never", 6), taken);
      return false;
    }
    case Misdeed::drip:
      while (send(client, "2")) {
        pollfd stop{stop_read_.get(), POLLIN, 0};
        if (::poll(&stop, 1, 5) != 0) return false;
      }
      return false;
    case Misdeed::endless_line:
      while (send(client, std::string(4096, '2'))) {
      }
      return false;
    case Misdeed::endless_lines:
      while (send(client, "250-and more\r\n")) {
      }
      return false;
  }
  return false;
}

bool ScriptedSmtpServer::answer(int client, const std::string& command, const std::string& verb) {
  auto scripted = script_.find(command);
  if (scripted == script_.end()) scripted = script_.find(verb);
  if (scripted == script_.end()) return send(client, good_answer(verb));
  return send(client, scripted->second.text) && misbehave(client, scripted->second.misdeed);
}

void ScriptedSmtpServer::converse(int client) {
  std::string buffer;
  std::string command;
  if (!answer(client, "", "greeting")) return;
  while (read_until(client, buffer, "\r\n", command)) {
    heard_.with([&](Heard& heard) { heard.commands.push_back(command); });
    const std::string verb = verb_of(command);
    if (!answer(client, command, verb)) return;
    if (verb == "QUIT") return;
    if (verb != "DATA" || script_.contains("DATA")) continue;
    std::string message;
    // The line end before the dot belongs to the message.
    if (!read_until(client, buffer, "\r\n.\r\n", message)) return;
    heard_.with([&](Heard& heard) { heard.message = message + "\r\n"; });
    if (!answer(client, "", ".")) return;
  }
}

}  // namespace postern::test
