// Purpose:   refuses a change that would lose more of a document type than a share, because a
//            writer's accident must not become everybody's outage.
// Threading: a value used by the keeper's thread.
// Source:    policy.shrink_guard; counts per document type, full syncs and stream deletes alike.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "policy/document_key.h"

namespace postern::policy {

using TypeCounts = std::array<std::size_t, kAllDocumentTypes.size()>;

// Nothing when `after` may replace `before`; otherwise one line that names the types and figures,
// e.g. "user: 12 of 500 would remain (shrink_guard 0.5)". share is in [0, 1]; 1 never refuses.
std::optional<std::string> refuse_shrink(const TypeCounts& before, const TypeCounts& after,
                                         double share);

}  // namespace postern::policy
