// Purpose:   which way outgoing mail takes, and with which login: the answers of sender_transport and
//            sasl_passwd.
// Threading: pure functions.
// Failure:   a login without a known password is Temporary: the mail waits, and never goes without it.
// Source:    docs/postfix.md; Postfix's sender_dependent_default_transport_maps and
//            smtp_sasl_password_maps with smtp_sender_dependent_authentication.
#pragma once

#include <string_view>

#include "route/route.h"

namespace postern::route {

// `key`: the sender, "<>" or nothing for the null sender.
RouteAnswer sender_transport(const policy::Snapshot& snapshot, std::string_view key);
// `key`: the sender, or the next hop as sender_transport has it.
RouteAnswer sasl_passwd(const policy::Snapshot& snapshot, std::string_view key);

}  // namespace postern::route
