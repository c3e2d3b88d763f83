// Purpose:   the decisions for all recipients of a transaction -> one plan: the reply, the copies
//            that must be durable before it, and what is changed about the message.
// Ownership: a value; recipients are named by their position in the transaction.
// Threading: pure functions.
// Failure:   recipients who would need different messages cannot share a transaction: the plan then
//            is 451, never somebody else's outcome (the session answers 452 at RCPT before it comes
//            to that).
// Source:    docs/semantics.md, "One reply for all".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "decide/decision.h"
#include "decide/purpose.h"
#include "mail/reply.h"

namespace postern::decide {

enum class Fate {
  deliver,  // 250, the message goes on as edited
  discard,  // 250, everybody's message is in the vault
  reject,
  defer,
};
std::string_view to_string(Fate fate);

struct PlannedCopy {
  std::size_t recipient;
  Purpose purpose;
};

struct Plan {
  Fate fate = Fate::deliver;
  mail::Reply reply = {250, "2.0.0", "accepted"};
  std::vector<PlannedCopy> copies;  // made durable first, whatever the fate (an archive copy of a
                                    // rejected message included); none with defer
  // With deliver:
  std::string subject_prefix;
  std::optional<policy::HeaderField> added_header;
  std::string would;  // the domain is under observation; empty: it is not
};

// One word for the log and the metrics: deliver, tag, observe, quarantine, reject, defer.
std::string_view outcome_of(const Plan& plan);

Plan make_plan(const std::vector<Decision>& decisions);

}  // namespace postern::decide
