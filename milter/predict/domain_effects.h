// Purpose:   what two snapshots do differently with a domain as a whole: who may send for it, how its mail
//            is signed, which attachments and hosts its rules name, who is in its groups.
// Threading: pure functions.
#pragma once

#include <string>
#include <vector>

#include "policy/snapshot.h"
#include "predict/probe.h"

namespace postern::predict {

std::vector<Effect> compare_domain(const policy::Snapshot& before, const policy::Snapshot& now,
                                   const std::string& domain);

}  // namespace postern::predict
