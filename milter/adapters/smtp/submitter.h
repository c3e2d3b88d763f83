// Purpose:   hands a message back to the MTA in one SMTP dialogue, with the token that proves it
//            ours.
// Ownership: borrows the clock.
// Threading: submit() is called from many threads at once; each call has its own connection.
// Units:     sizes in octets.
// Failure:   all or nothing: one refused recipient ends the dialogue before DATA. Temporary: no
//            connection, out of time, 4xx, an answer that is no SMTP. Permanent: 5xx, and what
//            cannot be said in SMTP without becoming another command. After the final dot a lost
//            answer is temporary too: better twice than lost.
// Source:    RFC 5321, 1870 (SIZE), 3461 (DSN), 6152 (8BITMIME), 6531 (SMTPUTF8). libcurl was
//            weighed: it cannot say BODY=, RET=, ENVID=, NOTIFY= and ORCPT=.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/net/stream.h"
#include "base/clock.h"
#include "base/secret.h"
#include "ports/submitter.h"

namespace postern::smtp {

struct SubmitterOptions {
  net::Endpoint address;
  std::string helo_name;
  std::vector<Secret> token_keys;  // the first signs
  const Clock& clock;
  Milliseconds timeout;  // over the whole dialogue
  Milliseconds token_lifetime;
};

std::unique_ptr<ports::Submitter> make_submitter(SubmitterOptions options);

}  // namespace postern::smtp
