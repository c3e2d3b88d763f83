// Purpose:   whether a sender is one that was verified, where a customer has verified any.
// Threading: pure functions.
// Failure:   a verification that fails for the moment is 451, every other one that is not there 550.
// Source:    docs/semantics.md, "Verified identities"; GetIdentityVerificationAttributes.
#pragma once

#include <optional>

#include "decide/explanation.h"
#include "mail/address.h"
#include "mail/header_from.h"
#include "mail/reply.h"
#include "policy/snapshot.h"

namespace postern::decide {

struct IdentityOptions {
  bool covers_subdomains = false;  // a verified domain speaks for those below it
};

// MAIL, and each author: nothing, or why this address may not send for `customer`.
std::optional<mail::Reply> refuse_identity(const policy::Snapshot& snapshot,
                                           const policy::Domain& customer,
                                           const mail::Address& address,
                                           const IdentityOptions& options, Explanation* why);
// End of message: every author has to be verified, and there has to be one.
std::optional<mail::Reply> refuse_authors(const policy::Snapshot& snapshot,
                                          const policy::Domain& customer,
                                          const mail::HeaderFrom& from,
                                          const IdentityOptions& options, Explanation* why);

}  // namespace postern::decide
