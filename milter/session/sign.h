// Purpose:   signs outgoing mail, in the form in which the MTA will send it.
// Threading: the transaction's thread.
// Failure:   temporary: with missing_key defer, or when the library or the editor fails.
// Source:    DkimDTO; RFC 6376; Postfix's line length limit (mail/line_length.h).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "decide/sender.h"
#include "mail/message.h"
#include "session/message_editor.h"
#include "session/services.h"

namespace postern::session {

// Inserts one DKIM-Signature per active key of the author's domain; answers "d=… s=…" for each.
// Breaks over-long lines first, since Postfix would do it after us and break the signature with
// them.
Result<std::vector<std::string>> sign_message(const mail::Message& message,
                                              const policy::Snapshot& snapshot,
                                              const decide::Outgoing& owner, ports::Signer& signer,
                                              const Rules& rules, MessageEditor& editor);

}  // namespace postern::session
