// Purpose:   why a message would be treated as it would: the real transaction, run on a message that
//            somebody saved or describes, with nothing stored, sent or reported.
// Ownership: borrows the services for the call.
// Threading: as a session: one thread, any number of calls at once.
// Failure:   an Error for a request that makes no transaction (no recipient, a client that is no
//            address, a score that is no number).
// Source:    docs/control.md, "explain": the form of the JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "session/explained.h"
#include "session/services.h"

namespace postern::session {

struct ExplainRequest {
  std::string sender;  // empty or "<>": the null sender
  std::vector<std::string> recipients;
  std::string client;  // IP address; empty: a documentation address, nobody's
  std::string helo;
  std::string sasl_user;
  std::optional<std::string> score;  // instead of what the scanners would say
  std::string message;               // the file; empty: a short clean message
};

// As values, without what would be changed about the message.
Result<Explained> explain(const Services& services, const ExplainRequest& request);

// As JSON.
Result<std::string> explain_message(const Services& services, const ExplainRequest& request);

}  // namespace postern::session
