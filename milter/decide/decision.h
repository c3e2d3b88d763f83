// Purpose:   what happens to one message for one recipient, and why.
// Ownership: a value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "decide/mail_class.h"
#include "mail/reply.h"
#include "policy/documents.h"

namespace postern::decide {

enum class Disposition {
  deliver,
  tag,         // delivered with a subject prefix
  quarantine,  // not delivered, kept
  reject,      // neither delivered nor kept: the reply says so
  defer,       // evidence that was needed is unavailable: 4xx, the sender keeps the mail
};
std::string_view to_string(Disposition disposition);

struct ClassMatch {
  MailClass mail_class;
  std::string reason;  // "score 7.2 from spamd reaches spamScore 5.0"
};

struct Decision {
  Disposition disposition = Disposition::deliver;
  MailClass decider = MailClass::clean;  // the class whose flags decided
  std::vector<ClassMatch> matches;       // in order of precedence; empty: clean
  std::string subject_prefix;            // only with Disposition::tag
  bool quarantine_copy = false;
  bool retention_copy = false;
  bool archive_copy = false;
  std::optional<policy::HeaderField> added_header;  // only with deliver and tag
  mail::Reply reply;                                // only with reject and defer
  // The domain is under observation: what would have happened, while nothing does. Empty: it is not.
  std::string would;
  std::optional<policy::MilliScore> score;  // the recipient's own, where one was told

  // Whether the message is of this class, be it the deciding one or not.
  bool is(MailClass mail_class) const;
  std::string reason() const;  // one line of all matches; "clean" when there is none
};

}  // namespace postern::decide
