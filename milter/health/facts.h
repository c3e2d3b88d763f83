// Purpose:   what health looks at, out of documents as `policy show` prints them, and a report as the admin
//            API writes it.
// Threading: pure but for `document`.
// Failure:   a domain that is not there is an Error.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "health/domain_health.h"

namespace postern::health {

// The document as understood, secrets redacted; nothing where there is none.
using Documents = std::function<std::optional<std::string>(const std::string& key)>;

postern::Result<Facts> read_facts(const std::string& domain, const Documents& documents);

// {"id", "name", "type", "health": {"performedAt", "report": {"status", "entries"}}}, JSON.
std::string report_json(const std::string& id, const std::string& name, const std::string& type,
                        WallTime performed_at, const std::vector<Entry>& entries);

}  // namespace postern::health
