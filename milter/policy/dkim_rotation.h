// Purpose:   keys change together with their selectors, or not at all.
// Threading: pure functions.
// Failure:   a permanent Error that names the selector and both public keys: the document is refused, and
//            the one in force keeps signing.
// Source:    RFC 6376 3.1 (a selector is what lets keys be rotated); docs/operating.md, "Rotation".
#pragma once

#include "base/result.h"
#include "policy/documents.h"

namespace postern::policy {

// A selector names one key for good: it is the one in the DNS and in receivers' caches, and what another
// key signs under it does not verify. `in_force` may be nullptr.
Status check_rotation(const DkimKeys* in_force, const DkimKeys& keys);

}  // namespace postern::policy
