#include "decide/mail_class.h"

#include "base/text.h"

namespace postern::decide {

std::string_view to_string(MailClass mail_class) {
  switch (mail_class) {
    case MailClass::oversize:
      return "oversize";
    case MailClass::virus:
      return "virus";
    case MailClass::blacklisted:
      return "blacklisted";
    case MailClass::bad_attachments:
      return "badAttachments";
    case MailClass::sender_verify:
      return "senderVerify";
    case MailClass::spam:
      return "spam";
    case MailClass::bad_encoding:
      return "badEncoding";
    case MailClass::bad_headers:
      return "badHeaders";
    case MailClass::advert:
      return "advert";
    case MailClass::clean:
      return "clean";
  }
  return "";
}

std::optional<MailClass> mail_class_from(std::string_view name) {
  for (const MailClass candidate : kAllMailClasses) {
    if (equals_ignoring_case(name, to_string(candidate))) return candidate;
  }
  return std::nullopt;
}

}  // namespace postern::decide
