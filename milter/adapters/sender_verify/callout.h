// Purpose:   one call-out: asks the servers of a sender's domain, by SMTP, whether they would take a
//            bounce for him.
// Ownership: borrows resolver and stop signal for the call.
// Threading: call_out() from many threads at once.
// Failure:   only a 5xx to RCPT and a domain that takes no mail are does_not_exist. Whatever else goes
//            wrong (no connection, a banner, EHLO or MAIL refused, a 4xx, a deadline, nonsense) is
//            unknown: it is us that the server does not like, or the server that is not well.
// Source:    docs/semantics.md, "Sender verify"; RFC 5321.
#pragma once

#include <cstdint>
#include <string>

#include "base/deadline.h"
#include "base/wakeup.h"
#include "decide/evidence.h"
#include "mail/address.h"
#include "ports/resolver.h"

namespace postern::sender_verify {

struct CalloutRules {
  std::string helo_name;  // our own host name; double-bounce@ it is the sender where <> is refused
  std::uint16_t port = 25;
  // An MX is a stranger's word. Without leave, loopback, private and other special addresses are
  // never connected to.
  bool allow_private_addresses = false;
};

decide::SenderStanding call_out(const mail::Address& sender, const CalloutRules& rules,
                                ports::Resolver& resolver, const Wakeup& stop, Deadline deadline);

}  // namespace postern::sender_verify
