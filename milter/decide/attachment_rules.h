// Purpose:   whether the rules about attachments deny something in a message.
// Threading: pure functions.
// Failure:   none: what could not be looked into (encrypted, over a limit of size) passes the checks
//            that would have needed it; an archive that breaks the limits is denied.
// Source:    docs/semantics.md, "Attachment rules"; FilterAttachment.
#pragma once

#include <optional>
#include <string>

#include "content/inspect.h"
#include "decide/explanation.h"
#include "policy/resolve.h"

namespace postern::decide {

struct DeniedAttachment {
  // For the sender: the rule's own description, or the object's name. Printable, at most 200.
  std::string description;
  // For the log: "attachments:got.com denies invoice.zip/run.exe by its name: \.exe$".
  std::string reason;
};

// The first denied object. For each object and each check the domain's rules are asked, then the
// platform's, or the built-in ones where there are none; the first that matches decides.
std::optional<DeniedAttachment> deny_attachment(const content::Attachments& found,
                                                const policy::RecipientPolicy& rules,
                                                Explanation* why);

}  // namespace postern::decide
