// Purpose:   what one policy does with one class: the canonical table, one row per class.
// Threading: pure functions.
// Source:    docs/semantics.md, "The classes"; RelayProps, QuarantineProps, RetentionProps,
//            ArchiveProps.
#pragma once

#include <optional>
#include <string>

#include "decide/evidence.h"
#include "decide/mail_class.h"
#include "mail/reply.h"
#include "policy/documents.h"

namespace postern::decide {

struct ClassRule {
  bool relay = true;
  bool store = false;
  bool archive = false;
  std::string prefix;
};

// `score` matters for MailClass::spam alone: it is relayed below the limit only.
ClassRule rule_of(const policy::Policy& policy, MailClass mail_class, policy::MilliScore score);

// The reply when a message of this class is neither relayed nor stored. `detail` is the virus' name
// or a rule's description, made printable here.
mail::Reply rejection_of(MailClass mail_class, const std::string& detail);

// Whether it can change the outcome or any copy that a message is of this class.
bool class_matters(const policy::Policy& policy, MailClass mail_class);

// Whether the spam score can change the outcome or any copy under this policy. Where it cannot,
// nobody asks a scanner.
bool spam_score_matters(const policy::Policy& policy);

}  // namespace postern::decide
