// Purpose:   under which addresses a message goes on: for those who stay in the transaction, told to
//            the MTA; for those who leave it, as the recipients of a copy. Whoever is reached in
//            several ways (an alias, two groups, two spellings) gets it once.
// Threading: the transaction's thread.
// Failure:   an Error of the editor, passed on.
// Source:    Domain.domainAliases, EmailAlias.recipients; RFC 3461 (NOTIFY and ORCPT travel with the
//            recipient).
#pragma once

#include <vector>

#include "base/result.h"
#include "ports/submitter.h"
#include "session/message_editor.h"
#include "session/transaction.h"

namespace postern::session {

// `staying`: positions in `recipients`. Everybody else who was given to the MTA is deleted from the
// transaction.
Status keep_in_transaction(const std::vector<AcceptedRecipient>& recipients,
                           const std::vector<std::size_t>& staying, Addressed& addressed,
                           MessageEditor& editor);

// The recipients of a copy; none: all of them have the message already.
std::vector<ports::SubmissionRecipient> copy_recipients(
    const std::vector<AcceptedRecipient>& recipients, const std::vector<std::size_t>& leaving,
    Addressed& addressed);

}  // namespace postern::session
