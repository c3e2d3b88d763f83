// Purpose:   what a transaction came to for one recipient, in words that can be compared, and the rule
//            that makes two of them differ.
// Ownership: values.
// Threading: pure functions.
// Source:    docs/control.md, "replay".
#pragma once

#include <string>

#include "session/explained.h"

namespace postern::ctl {

// "delivered", "delivered with [SPAM], a copy in quarantine", "refused at RCPT: 550 5.1.1 …": equal
// texts are equal treatment.
std::string treatment(const session::Explained& explained,
                      const session::ExplainedRecipient& recipient);

// What counted in `now` and did not in `before`: "spamScore (policy:ladder): score 6.0 … reaches …"; or
// else what does not count any more.
std::string because(const session::Explained& before, const session::ExplainedRecipient& was,
                    const session::Explained& now, const session::ExplainedRecipient& is);

}  // namespace postern::ctl
