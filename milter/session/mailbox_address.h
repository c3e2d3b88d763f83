// Purpose:   under which address a kept copy is delivered into its reader's mailbox: the folder is the
//            detail of the address, as in user+Spam@domain.
// Threading: pure functions.
// Source:    RFC 5233 (detail); docs/semantics.md, "Copies in mailboxes"; OpenSRS spamfolder.
#pragma once

#include <string>
#include <string_view>

#include "decide/decision.h"
#include "decide/purpose.h"
#include "mail/address.h"
#include "policy/resolve.h"

namespace postern::session {

// "user+folder@domain", quoted where it must be. A detail that the address has already is left out: the
// mailbox is the same. `delimiters` empty: "+".
std::string mailbox_address(const mail::Address& mailbox, std::string_view folder,
                            std::string_view delimiters);

// The folder for what is kept of the message for this recipient; empty: such a copy is for no mailbox (what
// is infected, and the archive).
std::string folder_for(decide::Purpose purpose, const decide::Decision& decision,
                       const policy::RecipientPolicy& rules);

// Of mail that he sent himself, where it is retained.
inline constexpr const char* kSentFolder = "Sent";

}  // namespace postern::session
