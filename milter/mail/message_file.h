// Purpose:   a message out of a file, in the form in which an MTA would hand it to a milter.
// Threading: pure functions.
// Failure:   none: as with Postfix, the first line that is no header field begins the body.
// Source:    RFC 5322 2.1-2.2; mbox(5) for a leading "From " line, which is left out.
#pragma once

#include <string_view>

#include "mail/message.h"

namespace postern::mail {

// `bytes` with LF or CRLF line ends, or both.
Message read_message(std::string_view bytes);

}  // namespace postern::mail
