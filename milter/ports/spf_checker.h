// Purpose:   SPF: may this client send for this domain.
// Ownership: borrows the input for the call.
// Threading: check() and includes() are called from many threads at once.
// Failure:   temperror and permerror are verdicts; nothing else can go wrong.
// Source:    RFC 7208.
#pragma once

#include <optional>
#include <string>

#include "base/deadline.h"
#include "base/ip.h"
#include "decide/authentication.h"
#include "mail/address.h"

namespace postern::ports {

struct SpfInput {
  IpAddress client;
  std::string helo;
  std::optional<mail::Address> sender;  // nothing: the null sender, postmaster@HELO is checked
  std::string receiver;                 // our own host name, for macros
};

class SpfChecker {
 public:
  SpfChecker() = default;
  SpfChecker(const SpfChecker&) = delete;
  SpfChecker& operator=(const SpfChecker&) = delete;
  virtual ~SpfChecker() = default;

  virtual decide::SpfVerdict check(const SpfInput& input, Deadline deadline) = 0;
  // The record of `domain` judged for this client as an include: mechanism would (a provider's
  // published networks); macros see the input's sender.
  virtual decide::SpfVerdict check_domain(const std::string& domain, const SpfInput& input,
                                          Deadline deadline) = 0;
};

}  // namespace postern::ports
