// Purpose:   libmilter's callbacks, the sessions behind them, and the gate between the two.
// Ownership: a MilterService owns one Session per connection and borrows Services. libmilter's
// contexts
//            hold bare pointers, which nobody follows once the gate is closed.
// Threading: callbacks come from libmilter's pool of threads, one at a time for each connection,
// successive ones
//            from different threads.
// Failure:   nothing is thrown into libmilter: a callback that fails is a temporary refusal,
// logged. Why a gate: libmilter calls plain functions without a pointer of ours, its threads are
// detached, and some of
//            them outlive smfi_main(). So the functions find the service through one process-wide
//            pointer, and closing it waits until nobody is inside any more.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "session/session.h"

struct smfi_str;  // libmilter's SMFICTX
struct smfiDesc;  // libmilter's table of callbacks
struct sockaddr;

namespace postern::server {

class MilterService {
 public:
  MilterService(session::Services& services, std::size_t max_connections)
      : services_(services), max_connections_(max_connections) {}
  MilterService(const MilterService&) = delete;
  MilterService& operator=(const MilterService&) = delete;

  // From here on callbacks reach this service; false: another one has the gate.
  bool open_gate();
  // No callback enters any more; waits until those inside have left, at most this long. False: some
  // have not, and then neither this object nor the Services may be destroyed.
  static bool close_gate(Milliseconds patience);
  // What smfi_register() wants; `name` outlives the process.
  static smfiDesc callbacks(char* name);

  struct Connection;
  // The one of this context, made now if it has none; nullptr: there are too many.
  Connection* connection_of(smfi_str* context);
  void forget(smfi_str* context);

 private:
  session::Services& services_;
  const std::size_t max_connections_;
  Guarded<std::unordered_map<Connection*, std::unique_ptr<Connection>>> connections_;
};

// One connection of the MTA.
struct MilterService::Connection {
  explicit Connection(session::Services& services) : session(services) {}

  // What the connect callback and HELO told, for the ClientFacts of every transaction.
  std::string host_name;
  std::optional<IpAddress> address;
  bool is_local_submission = false;
  std::string helo;
  // A step without a reply of its own failed: the end of message says so.
  bool is_broken = false;
  session::Session session;
};

}  // namespace postern::server
