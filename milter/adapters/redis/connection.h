// Purpose:   one connection to a Redis server: commands in, replies out, every wait bounded.
// Ownership: owns its socket.
// Threading: one thread; a stop request ends every wait.
// Failure:   temporary Errors without any secret; after one the connection is of no more use. A reply
//            that grows past the limit ends the connection (`overflowed`). An error that the server
//            answers is a Reply, not an Error.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/redis/reply.h"
#include "adapters/redis/url.h"
#include "base/deadline.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/wakeup.h"

namespace postern::redis {

using Command = std::vector<std::string_view>;

struct Login {
  std::string username;  // empty: the server's default user
  Secret password;       // empty: none is sent
};

class Connection {
 public:
  // Connects, says who we are and chooses the database. `stopping` is signalled with `stop`, and only then.
  static Result<std::unique_ptr<Connection>> open(const ServerAddress& address, const Login& login,
                                                  Milliseconds patience, std::stop_token stop,
                                                  const Wakeup& stopping);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `patience` is the time without any progress after which the server counts as away; `extra` is the
  // time that the command itself may take.
  Result<Reply> ask(const Command& command, Milliseconds extra = Milliseconds(0));
  // One reply per command, in order.
  Result<std::vector<Reply>> ask_all(const std::vector<Command>& commands);
  // A reply was too large: asking the same again would end the same way.
  bool overflowed() const { return overflowed_; }

 private:
  struct Context;
  Connection(std::unique_ptr<Context> context, std::string name, Milliseconds patience,
             std::stop_token stop, const Wakeup& stopping);

  Status await_connected();
  Status log_in(const Login& login);
  Status choose(unsigned database);
  Status append(const Command& command);
  Result<Reply> next_reply(Milliseconds patience);
  Result<bool> exchange(Deadline deadline);
  Error broken(std::string_view why) const;

  std::unique_ptr<Context> context_;
  const std::string name_;
  const Milliseconds patience_;
  const std::stop_token stop_;
  const Wakeup& stopping_;
  std::size_t unanswered_bytes_ = 0;
  bool overflowed_ = false;
};

}  // namespace postern::redis
