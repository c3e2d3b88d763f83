// Purpose:   SMTP commands and their replies over one connection.
// Ownership: owns the connection.
// Threading: one thread at a time.
// Units:     a reply has at most 100 lines of at most 2,048 octets.
// Failure:   Errors name the server, the command and the reply; 5xx is permanent, all else
//            temporary.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/stream.h"
#include "base/deadline.h"
#include "base/result.h"

namespace postern::smtp {

struct Reply {
  int code = 0;
  std::string text;  // "250 2.0.0 Ok: queued as 4Xyz": all lines, code once, printable
  std::vector<std::string> lines;  // without code, as received
};

struct Extensions {
  bool size = false;
  bool eight_bit_mime = false;
  bool smtputf8 = false;
  bool dsn = false;
};

enum class Protocol { smtp, lmtp };

class Dialogue {
 public:
  // `purpose` opens every Error's text. `stop`, where there is one, ends every wait once it is
  // signalled; it outlives the dialogue.
  static Result<Dialogue> connect(const net::Endpoint& server, Deadline deadline,
                                  std::string purpose = "submit", const Wakeup* stop = nullptr);

  // The greeting, then EHLO, or HELO for a server that knows no EHLO; with LMTP it is LHLO alone.
  Result<Extensions> greet(const std::string& helo_name, Protocol protocol = Protocol::smtp);
  // `command` without its line end. Any reply code but `expected` (its first digit) is an Error.
  Result<Reply> command(std::string_view command, int expected);
  // Whatever the server answers, as long as it is a reply.
  Result<Reply> ask(std::string_view command);
  Result<Reply> read_reply(std::string_view after, int expected);
  Status write(std::string_view after, std::string_view bytes);
  // Says goodbye; nobody cares for the answer. Not said into the middle of a broken dialogue, where
  // it might be taken for text.
  void quit();

 private:
  Dialogue(net::Stream stream, std::string server, Deadline deadline, std::string purpose);
  Result<Reply> read_any_reply(std::string_view after);
  Result<Reply> expect(Reply reply, std::string_view after, int expected) const;
  Error describe(std::string_view after, const Error& error) const;
  Error broken(std::string_view after, const Error& error);

  net::Stream stream_;
  std::string server_;
  Deadline deadline_;
  std::string purpose_;
  bool broken_ = false;
};

}  // namespace postern::smtp
