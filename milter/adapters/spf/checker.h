// Purpose:   judges senders by their SPF records with our own evaluator.
// Ownership: borrows the resolver, which must outlive it.
// Threading: as ports/spf_checker.h says; nothing is kept between checks.
// Failure:   as ports/spf_checker.h says. A client on the loopback is judged like any other.
// Source:    RFC 7208.
#pragma once

#include "ports/resolver.h"
#include "ports/spf_checker.h"

namespace postern::spf {

class Checker final : public ports::SpfChecker {
 public:
  explicit Checker(ports::Resolver& resolver) : resolver_(resolver) {}

  decide::SpfVerdict check(const ports::SpfInput& input, Deadline deadline) override;
  decide::SpfVerdict check_domain(const std::string& domain, const ports::SpfInput& input,
                                  Deadline deadline) override;

 private:
  ports::Resolver& resolver_;
};

}  // namespace postern::spf
