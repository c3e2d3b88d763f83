// Purpose:   a recipient in an alias domain goes on under its primary domain, once.
// Threading: the transaction's thread.
// Failure:   an Error of the editor, passed on.
// Source:    Domain.domainAliases; RFC 3461 (NOTIFY and ORCPT travel with the recipient).
#pragma once

#include <vector>

#include "base/result.h"
#include "session/message_editor.h"
#include "session/transaction.h"

namespace postern::session {

Status deliver_to_canonical_addresses(const std::vector<AcceptedRecipient>& recipients,
                                      MessageEditor& editor);

}  // namespace postern::session
