// Purpose:   the MTA's side of the milter protocol, as Postfix plays it: version 6, every action offered, header
//            values byte for byte, no waiting where the milter said it does not reply.
// Ownership: owns its connection.
// Threading: one thread at a time.
// Failure:   an Error for anything a milter must not do; the connection is useless after it.
// Source:    libmilter's mfdef.h; Postfix's milter8.c for what is sent when.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "server/listen_socket.h"

namespace postern::test {

struct Packet {
  char command = '\0';
  std::string payload;
};

// A string of a packet, up to its NUL; `at` is moved behind it.
std::string next_string(const std::string& payload, std::size_t& at);

// What the MTA knows; the milter gets those macros that it asked for.
using Macros = std::map<std::string, std::string>;

struct MilterMail {
  std::vector<std::string> mail = {"<from@example.org>"};  // the address, then ESMTP parameters
  std::vector<std::vector<std::string>> recipients = {{"<to@example.net>"}};
  std::vector<std::pair<std::string, std::string>> headers;  // values with their leading space
  std::string body;
  Macros macros;  // beside those of the connection, from MAIL on
  std::string queue_id = "4XyZ";
};

struct MilterOutcome {
  Packet mail;                     // the reply to MAIL
  std::vector<Packet> recipients;  // to each RCPT
  std::vector<Packet> changes;     // modifications at the end of message, in order
  int progress = 0;
  Packet end;  // the final reply; the reply that ended the message where it did not come so far
};

class MilterClient {
 public:
  static Result<MilterClient> connect(const server::ListenAddress& address, Milliseconds patience);

  // Offers `actions` and `steps`, remembers what the milter wants.
  Status negotiate(std::uint32_t actions = 0x1ff, std::uint32_t steps = 0x1fffff);
  std::uint32_t actions() const { return actions_; }
  std::uint32_t steps() const { return steps_; }

  // What is known about the connection, for the macros of all stages.
  Macros& macros() { return macros_; }
  // `family` '4', '6' or 'U'.
  Status connection(const std::string& host_name, char family, std::uint16_t port,
                    const std::string& address);
  Status helo(const std::string& name);
  Result<MilterOutcome> deliver(const MilterMail& mail);
  Status abort();
  Status quit();

  // How long the SMTP client thinks before each of its commands; Postfix has nothing to say meanwhile.
  void set_pause(Milliseconds pause) { pause_ = pause; }

  // For what Postfix would never send.
  Status send(char command, std::string_view payload);
  Status flush();
  Result<Packet> receive();

 private:
  MilterClient(UniqueFd fd, Milliseconds patience) : fd_(std::move(fd)), patience_(patience) {}
  Status think();
  Status send_macros(char command, const Macros& more);
  Result<Packet> ask(char command, std::string_view payload);
  Status tell(char command, std::string_view payload, std::uint32_t no_reply_bit);
  Result<MilterOutcome> envelope(const MilterMail& mail, const Macros& more);
  Status content(const MilterMail& mail, const Macros& more, MilterOutcome& outcome);
  Status end_of_message(const Macros& more, MilterOutcome& outcome);

  UniqueFd fd_;
  Milliseconds patience_;
  Milliseconds pause_{0};
  std::string out_;
  std::string in_;
  std::size_t taken_ = 0;
  std::uint32_t actions_ = 0;
  std::uint32_t steps_ = 0;
  Macros macros_;
  std::map<char, std::vector<std::string>> asked_for_;  // command -> macro names
};

}  // namespace postern::test
