// Purpose:   an SMTP server that behaves as a test tells it to, mostly badly.
// Ownership: owns its socket and its thread; both end with it.
// Threading: made, asked and destroyed by the test's thread; serves one client after the other on
// its
//            own.
// Failure:   throws in the constructor where there is no socket to be had.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/guarded.h"
#include "base/unique_fd.h"

namespace postern::test {

enum class Misdeed {
  none,           // says `text`, all of it, as it is
  close,          // says `text` and closes
  silence,        // says `text` and nothing more
  drip,           // an endless line, an octet at a time
  endless_line,   // one line without an end, as fast as it is taken
  endless_lines,  // one reply of ever more lines
};

struct SmtpAnswer {
  std::string text;
  Misdeed misdeed = Misdeed::none;
};

class ScriptedSmtpServer {
 public:
  // By what the client has just said: "greeting" (nothing yet), "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "."
  // (after the message), "QUIT"; or a whole command, which goes first. What is not named is
  // answered as a good server does, with all extensions.
  using Script = std::map<std::string, SmtpAnswer>;
  explicit ScriptedSmtpServer(Script script = {});
  ScriptedSmtpServer(const ScriptedSmtpServer&) = delete;
  ScriptedSmtpServer& operator=(const ScriptedSmtpServer&) = delete;
  ~ScriptedSmtpServer();

  std::uint16_t port() const { return port_; }
  std::vector<std::string> commands() const;  // of all clients, in order, without line ends
  std::string message() const;  // as sent after DATA, dots doubled, without the final dot

 private:
  struct Heard {
    std::vector<std::string> commands;
    std::string message;
  };
  void serve();
  void converse(int client);
  bool answer(int client, const std::string& command, const std::string& verb);
  bool misbehave(int client, Misdeed misdeed);
  bool send(int client, std::string_view bytes);
  bool wait_for(int fd, short events);  // false: the server is to stop
  bool read_until(int client, std::string& buffer, const std::string& end, std::string& taken);

  Script script_;
  Guarded<Heard> heard_;
  UniqueFd listener_;
  UniqueFd stop_read_;
  UniqueFd stop_write_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace postern::test
