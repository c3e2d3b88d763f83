// Purpose:   the nine classes of a message, in order of precedence.
// Source:    docs/semantics.md, "The classes"; QuarantineProps.store*, ArchiveProps.store*.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace postern::decide {

// Earlier beats later. `oversize` stands outside the nine: a message larger than the recipient's
// mailSizeLimit is neither relayed nor stored, whatever else it is.
enum class MailClass {
  oversize,
  virus,
  blacklisted,
  bad_attachments,
  sender_verify,
  spam,
  bad_encoding,
  bad_headers,
  advert,
  clean,
};
inline constexpr std::array kAllMailClasses = {
    MailClass::oversize,      MailClass::virus, MailClass::blacklisted,  MailClass::bad_attachments,
    MailClass::sender_verify, MailClass::spam,  MailClass::bad_encoding, MailClass::bad_headers,
    MailClass::advert,        MailClass::clean};

std::string_view to_string(MailClass mail_class);
std::optional<MailClass> mail_class_from(std::string_view name);

}  // namespace postern::decide
