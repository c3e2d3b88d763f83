// Purpose:   the documents in force, for those who compare them with others: policy diff and replay.
// Threading: from many threads at once.
// Failure:   an Error where the documents cannot be read. The texts hold secrets: they are for the
//            control socket alone, whose every user may do everything anyhow.
// Source:    docs/control.md, "policy keys" and "policy documents".
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "keeper/keeper.h"
#include "policy/snapshot.h"

namespace postern::daemon {

// {"generation": …, "keys": […]}
std::string document_keys(const policy::Snapshot& snapshot);
// {"documents": {key: text}}, of those of `keys` that are in force.
Result<std::string> document_texts(const keeper::Keeper& keeper,
                                   const std::vector<std::string>& keys);

}  // namespace postern::daemon
