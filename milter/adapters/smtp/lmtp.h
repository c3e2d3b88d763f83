// Purpose:   delivers a message into its reader's mailbox in one LMTP dialogue; the folder is the detail of his
//            address, as in user+Spam@domain.
// Threading: submit() is called from many threads at once; each call has its own connection.
// Units:     sizes in octets.
// Failure:   as the submitter's. A submission has one recipient, so that the one answer after the final dot
//            is his. Permanent: 5xx to RCPT or after the dot, and what cannot be said in LMTP. After the final dot a lost answer is
//            temporary: better twice than lost.
// Source:    RFC 2033 (LMTP), 5321, 1870 (SIZE), 6152 (8BITMIME), 6531 (SMTPUTF8), 5233 (detail). libcurl
//            was weighed: it speaks no LMTP.
#pragma once

#include <memory>
#include <string>

#include "adapters/net/stream.h"
#include "ports/submitter.h"

namespace postern::smtp {

struct LmtpOptions {
  net::Endpoint address;
  std::string helo_name;
  Milliseconds timeout;  // over the whole dialogue
};

std::unique_ptr<ports::Submitter> make_lmtp_submitter(LmtpOptions options);

}  // namespace postern::smtp
