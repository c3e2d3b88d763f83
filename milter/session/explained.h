// Purpose:   what a transaction records when somebody asks why: for `posternctl explain`. The
//            transaction is the real one; it only stores, reports and announces nothing.
// Ownership: the asker owns it and it outlives the session; the transaction fills it.
// Threading: the transaction's thread.
// Source:    docs/control.md, "explain".
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "decide/decision.h"
#include "decide/evidence.h"
#include "decide/explanation.h"
#include "decide/plan.h"
#include "mail/reply.h"

namespace postern::session {

struct ExplainedRecipient {
  std::string given;
  std::string canonical;               // empty: not ours, or refused before it was known
  std::string policy_source;           // the document whose rules apply
  std::optional<mail::Reply> refused;  // at RCPT
  std::optional<decide::Decision> decision;
  std::string outcome;  // what came of it beside the others: deliver, tag, quarantine, kept, …
  decide::Explanation why;
};

struct ExplainedCopy {
  std::string recipient;
  std::string purpose;
  std::string mail_class;
  std::string mailbox;  // where it is delivered to as well; empty: kept here alone
};

// A copy that leaves the transaction, for recipients with an outcome of their own.
struct ExplainedLeaving {
  std::vector<std::string> recipients;
  std::string sender;
  std::string header;  // its header block
};

struct Explained {
  std::string direction;
  std::uint64_t generation = 0;
  std::optional<mail::Reply> refused;  // at MAIL
  decide::Explanation sender;
  std::deque<ExplainedRecipient> recipients;  // a deque: the decisions hold on to their entry
  decide::Evidence evidence;
  std::optional<mail::Reply> reply;  // to the end of message; nothing: it was not reached
  std::string outcome;               // deliver, tag, quarantine, reject, defer
  std::vector<ExplainedCopy> copies;
  std::vector<ExplainedLeaving> leaving;
  std::vector<std::string> signed_by;
};

}  // namespace postern::session
