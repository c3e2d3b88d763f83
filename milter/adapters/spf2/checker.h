// Purpose:   judges senders by their SPF records with libspf2 (spf.engine: libspf2), as a second
//            opinion. The library is kept from what it cannot stand (record_guard.h) and within the
//            limits of RFC 7208 (dns_bridge.h); it is less exact than adapters/spf.
// Ownership: borrows the resolver, which must outlive it; owns a pool of library instances.
// Threading: as ports/spf_checker.h says; each check has an instance to itself.
// Failure:   as ports/spf_checker.h says; a record that this engine cannot hold is a permerror that
//            says so. A client on the loopback is judged like any other.
// Source:    RFC 7208; libspf2 1.2.10.
#pragma once

#include <memory>
#include <vector>

#include "base/guarded.h"
#include "ports/resolver.h"
#include "ports/spf_checker.h"

namespace postern::spf2 {

class Checker final : public ports::SpfChecker {
 public:
  explicit Checker(ports::Resolver& resolver);
  ~Checker() override;

  decide::SpfVerdict check(const ports::SpfInput& input, Deadline deadline) override;
  decide::SpfVerdict check_domain(const std::string& domain, const ports::SpfInput& input,
                                  Deadline deadline) override;

 private:
  class Instance;
  decide::SpfVerdict judge(const std::string& domain, const ports::SpfInput& input,
                           Deadline deadline);

  ports::Resolver& resolver_;
  Guarded<std::vector<std::unique_ptr<Instance>>> idle_;
};

}  // namespace postern::spf2
