// Purpose:   the DKIM keys of a domain as JSON, for posternctl: everything about them but what is secret.
// Threading: pure functions.
#pragma once

#include <optional>
#include <string>

#include "policy/snapshot.h"

namespace postern::policy {

// {"domain", "names": the domain and its aliases, "keys": [{"selector", "algorithm", "state",
// "public_key", "bits"}]}; nothing: no such domain or alias. `name` as a person writes it.
std::optional<std::string> dkim_report(const Snapshot& snapshot, const std::string& name);

}  // namespace postern::policy
