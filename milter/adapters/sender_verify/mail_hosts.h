// Purpose:   where the mail for a domain goes, as the DNS tells it.
// Ownership: borrows the resolver for the call.
// Threading: pure but for the resolver.
// Failure:   a DNS that does not answer is Status::unknown, with the reason; "no such domain", the
//            null MX and a domain without MX and address are does_not_take_mail.
// Source:    RFC 5321 5.1, RFC 7505 (null MX).
#pragma once

#include <string>
#include <vector>

#include "base/deadline.h"
#include "ports/resolver.h"

namespace postern::sender_verify {

struct MailHosts {
  enum class Status { takes_mail, does_not_take_mail, unknown };
  Status status = Status::unknown;
  std::string why;                   // where it does not take mail, or is unknown
  std::vector<std::string> hosts;    // by preference; the domain itself where there is no MX
  std::vector<IpAddress> addresses;  // of the only host, where they are known already
};

// `domain` as mail::Address::domain() gives it. An address literal stands for itself.
MailHosts find_mail_hosts(ports::Resolver& resolver, const std::string& domain, Deadline deadline);

// IPv4 before IPv6: of two ways to the same server the one that more servers like. Empty with `why`:
// no address, or the DNS did not say.
struct HostAddresses {
  std::vector<IpAddress> addresses;
  std::string why;
  bool certain = true;  // false: a question was not answered
};
HostAddresses find_addresses(ports::Resolver& resolver, const std::string& host, Deadline deadline);

}  // namespace postern::sender_verify
