// Purpose:   is this an address of ours that stands for a sender, so that bounces find their way back to
//            him, and for whom does it stand.
// Threading: pure functions over an immutable snapshot; the caller passes the time.
// Failure:   none: an address that only looks like one of ours is told as forged, and a daemon without keys
//            tells nothing of any.
// Source:    docs/semantics.md, "Mail that comes back"; base/bounce_address.h makes and reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bounce_address.h"
#include "base/clock.h"
#include "base/secret.h"
#include "mail/address.h"
#include "policy/snapshot.h"

namespace postern::policy {

struct ReturnOptions {
  std::string_view srs_domain;                // empty: nothing is forwarded under another sender
  const std::vector<Secret>* keys = nullptr;  // nullptr or none: no address can be read
  WallTime now;
};

enum class ReturnVerdict {
  valid,
  expired,
  forged,
  no_keys,  // a fault of ours: nothing can be said of it
};

struct ReturnAddress {
  ReturnVerdict verdict = ReturnVerdict::forged;
  std::optional<mail::Address> sender = {};  // only, and always, with valid
};

// Whether mail for `domain` comes back through it.
bool is_return_domain(const Snapshot& snapshot, const ReturnOptions& options,
                      const std::string& domain);

// Nothing: an address like any other. In the SRS domain or a MAIL FROM domain that is every address which
// is not written as ours are, if the domain is served for its own sake; otherwise nobody else lives there.
std::optional<ReturnAddress> read_return_address(const Snapshot& snapshot,
                                                 const mail::Address& address,
                                                 const ReturnOptions& options);

}  // namespace postern::policy
