// Purpose:   evidence + policy -> decision, for one recipient. The heart of the house: everything
//            else gathers for it or carries out what it says.
// Threading: pure functions.
// Source:    docs/semantics.md, "The decision".
#pragma once

#include <string>

#include "decide/decision.h"
#include "decide/evidence.h"
#include "policy/documents.h"

namespace postern::decide {

enum class OnFailure { defer, accept };

struct DecideOptions {
  OnFailure spam_on_failure = OnFailure::defer;
  std::size_t advert_marks = 1;  // that many marks of bulk mail make an advert
};

// "7.2": thousandths as the documents write scores.
std::string format_score(policy::MilliScore score);

// Incoming mail, and mail from one customer to another's mailbox.
Decision decide_incoming(const policy::Policy& policy, const Evidence& evidence,
                         const DecideOptions& options);

// Mail that leaves: the sender's policy caps size and spam score; nothing is tagged or quarantined.
Decision decide_outgoing(const policy::Policy& policy, const Evidence& evidence,
                         const DecideOptions& options);

}  // namespace postern::decide
