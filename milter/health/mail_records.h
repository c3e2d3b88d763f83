// Purpose:   one check of one kind of record each.
// Threading: pure but for the resolver and the SPF checker.
// Failure:   as domain_health.h.
#pragma once

#include <string>

#include "health/domain_health.h"

namespace postern::health {

Entry check_mx(const std::string& domain, const Tools& tools);
Entry check_dkim(const policy::DkimKey& key, const std::string& domain, const Tools& tools);
Entry check_spf(const std::string& domain, const Tools& tools);
Entry check_mail_from(const Facts::MailFrom& mail_from, const Tools& tools);
// The token of an identity stands at _amazonses.<domain> or _niftycloudess.<domain>.
Entry check_identity(const std::string& domain, const std::string& token, const Tools& tools);

}  // namespace postern::health
