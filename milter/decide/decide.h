// Purpose:   evidence + policy -> decision, for one recipient. The heart of the house: everything
//            else gathers for it or carries out what it says.
// Threading: pure functions.
// Source:    docs/semantics.md, "The decision".
#pragma once

#include <string>

#include "decide/decision.h"
#include "decide/evidence.h"
#include "decide/explanation.h"
#include "policy/documents.h"

namespace postern::decide {

enum class OnFailure { defer, accept };

struct DecideOptions {
  OnFailure spam_on_failure = OnFailure::defer;
  OnFailure virus_on_failure = OnFailure::defer;
  std::size_t advert_marks = 1;  // that many marks of bulk mail make an advert
  bool dmarc_is_enforced = false;
};

struct IncomingCase;

// "7.2": thousandths as the documents write scores.
std::string format_score(policy::MilliScore score);

// Incoming mail, and mail from one customer to another's mailbox.
// With `why`, every rule that was considered is noted there.
Decision decide_incoming(const IncomingCase& incoming, const Evidence& evidence,
                         const DecideOptions& options, Explanation* why);

// What a domain under observation gets instead: the message as it came, and what would have happened
// to it in Decision::would.
Decision observed(Decision decision);

// Mail that leaves: the sender's policy caps size and spam score; nothing is tagged or quarantined.
Decision decide_outgoing(const policy::Policy& policy, const std::string& policy_source,
                         const Evidence& evidence, const DecideOptions& options, Explanation* why);

}  // namespace postern::decide
