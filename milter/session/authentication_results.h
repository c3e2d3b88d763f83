// Purpose:   the Authentication-Results field: ours written, forged ones of our name recognised.
// Ownership: values.
// Threading: pure functions.
// Failure:   none; whatever comes from outside is quoted, cut and made printable.
// Source:    RFC 8601, RFC 7208 9.2 (smtp.mailfrom, smtp.helo), RFC 7489 11.1 (header.from).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "decide/authentication.h"

namespace postern::session {

// What was evaluated; what was not is left out.
struct AuthenticationFindings {
  std::optional<decide::SpfVerdict> spf;
  // The envelope sender as it is shown with SPF, "a@got.com"; empty with the null sender.
  std::string mail_from;
  std::optional<decide::DkimVerdict> dkim;
  std::optional<decide::DmarcVerdict> dmarc;
};

// The value after the colon: begins with a space, folds are LF + HTAB, lines stay short of 998
// octets whatever the findings hold. "; none" where nothing was evaluated. At most ten signatures.
std::string authentication_results(std::string_view authserv_id,
                                   const AuthenticationFindings& findings);

// Whether a received Authentication-Results value speaks in our name and must go. Names compare as
// domains do: without regard to case, trailing dot and the spelling of IDNA. What is written so
// that no name can be told goes where somebody more lenient might read ours into it, and where
// there is no name at all. An empty authserv_id is nobody's.
bool speaks_for(std::string_view value, std::string_view authserv_id);

}  // namespace postern::session
