#include "decide/decision.h"

#include <algorithm>

namespace postern::decide {

std::string_view to_string(Disposition disposition) {
  switch (disposition) {
    case Disposition::deliver:
      return "deliver";
    case Disposition::tag:
      return "tag";
    case Disposition::quarantine:
      return "quarantine";
    case Disposition::reject:
      return "reject";
    case Disposition::defer:
      return "defer";
  }
  return "";
}

bool Decision::is(MailClass mail_class) const {
  return std::any_of(matches.begin(), matches.end(), [mail_class](const ClassMatch& match) {
    return match.mail_class == mail_class;
  });
}

std::string Decision::reason() const {
  if (matches.empty()) return "clean";
  std::string joined;
  for (const ClassMatch& match : matches) {
    if (!joined.empty()) joined += "; ";
    joined += std::string(to_string(match.mail_class)) + ": " + match.reason;
  }
  return joined;
}

}  // namespace postern::decide
