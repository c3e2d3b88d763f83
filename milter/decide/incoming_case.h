// Purpose:   what is known about one recipient of incoming mail before the message itself is looked
//            at, and what of the message therefore has to be.
// Ownership: an IncomingCase borrows from the snapshot; the rest are values.
// Threading: pure functions.
// Source:    docs/semantics.md, "No evidence nobody needs".
#pragma once

#include "decide/explanation.h"
#include "decide/sender_rules.h"
#include "policy/resolve.h"

namespace postern::decide {

struct IncomingCase {
  const policy::RecipientPolicy& rules;
  // What the recipient's lists say about this sender, as far as it is known by now.
  SenderListing listing;
  // Whether the sender's existence counts: both switches on, a client and a domain that are not ours.
  bool sender_is_verified = false;
};

// Which findings could change the outcome or any copy for somebody.
struct Needs {
  bool virus = false;
  bool attachments = false;
  bool attachment_types = false;  // what they are by their content: some rule asks for it
  bool sender = false;
  bool dmarc = false;
  bool spam = false;
  bool uri_hosts = false;
  bool encoding = false;
  bool headers = false;

  Needs& operator|=(const Needs& other);
};

// With `why`, each finding that is not needed is noted with the reason.
Needs needs_of(const IncomingCase& incoming, bool dmarc_is_enforced, Explanation* why);

}  // namespace postern::decide
