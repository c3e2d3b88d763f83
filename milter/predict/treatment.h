// Purpose:   a decision in words that can be compared: equal texts are equal treatment.
// Threading: pure functions.
// Source:    docs/control.md, "replay" and "policy diff".
#pragma once

#include <string>

#include "decide/decision.h"
#include "policy/documents.h"

namespace postern::predict {

// "550 5.7.1". The texts of replies name the recipient as given: the codes tell two of them apart.
std::string codes_of(const mail::Reply& reply);

// "delivered with [SPAM], a copy in quarantine"; with `policy`, how long copies are kept, too.
std::string treatment(const decide::Decision& decision, const policy::Policy* policy);

}  // namespace postern::predict
