// Purpose:   a domain name in the one form everything is compared in: lower-case A-label, no
//            trailing dot.
// Failure:   nothing for what cannot be a mail domain: empty labels, over 253 octets, labels over
//            63, characters outside letters, digits, hyphen and underscore after IDNA conversion.
// Source:    RFC 5890 (IDNA), RFC 5321 4.1.2; seed documents write U-labels and upper case alike.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::mail {

// "GoT.com." -> "got.com"; "bücher.example" -> "xn--bcher-kva.example"; "[192.0.2.1]" -> itself.
std::optional<std::string> to_a_label(std::string_view domain);

}  // namespace postern::mail
