// Purpose:   which of the nine classes a message is of, for one recipient.
// Ownership: values.
// Threading: pure functions.
// Source:    docs/semantics.md, "The classes".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decide/decide.h"
#include "decide/evidence.h"
#include "decide/explanation.h"
#include "decide/incoming_case.h"
#include "decide/mail_class.h"
#include "mail/reply.h"

namespace postern::decide {

struct Match {
  MailClass mail_class;
  std::string reason;
  std::string detail;                     // what the sender is told, where the reply has room
  std::optional<mail::Reply> reply = {};  // where it is not the class' own
};

struct Matches {
  std::vector<Match> classes;       // in order of precedence
  std::optional<MilliScore> score;  // the recipient's own; nothing: nobody told one
};

Matches match_classes(const IncomingCase& incoming, const Evidence& evidence,
                      const DecideOptions& options, Explanation* why);

// Those that outgoing mail is held to as well.
std::optional<Match> match_oversize(const policy::Policy& policy, const Evidence& evidence);
std::optional<Match> match_virus(const Evidence& evidence);

}  // namespace postern::decide
