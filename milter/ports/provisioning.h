// Purpose:   hears of mail to addresses that nobody has created yet, in domains that create them by
//            themselves.
// Ownership: copies what it needs.
// Threading: consider() is called from many threads at once and never waits.
// Failure:   none that a caller could see.
// Source:    Domain.autoProvisioningOn.
#pragma once

#include "mail/address.h"
#include "policy/documents.h"

namespace postern::ports {

class Provisioning {
 public:
  Provisioning() = default;
  Provisioning(const Provisioning&) = delete;
  Provisioning& operator=(const Provisioning&) = delete;
  virtual ~Provisioning() = default;

  // To be told of an accepted message that is no spam, with a sender, to an address (in the primary
  // domain) that is no user, group, alias or catchall. `platform`: where the domain's mail goes.
  virtual void consider(const mail::Address& address, const policy::Domain& domain,
                        const policy::Platform& platform) = 0;
};

}  // namespace postern::ports
