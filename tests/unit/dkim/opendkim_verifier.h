// Purpose:   libopendkim's opinion about a signed message.
#pragma once

#include <map>
#include <string>

namespace postern::test {

// `records`: "selector._domainkey.domain" -> TXT. True if every signature of the message verifies
// and there is at least one.
bool opendkim_verifies(const std::string& message,
                       const std::map<std::string, std::string>& records);

}  // namespace postern::test
