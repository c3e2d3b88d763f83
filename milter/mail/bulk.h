// Purpose:   the marks of bulk mail, from which the class ADVERT is told.
// Source:    RFC 2369 (List-Unsubscribe), RFC 2919 (List-Id), Precedence: bulk|list, Feedback-ID.
#pragma once

#include <string>
#include <vector>

#include "mail/message.h"

namespace postern::mail {

// The names of the marks found, e.g. "List-Unsubscribe", "Precedence: bulk".
std::vector<std::string> bulk_marks(const Message& message);

}  // namespace postern::mail
