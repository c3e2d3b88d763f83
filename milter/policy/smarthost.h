// Purpose:   a server that takes outgoing mail on its way to the world, and how it is spoken to.
// Ownership: values; a Snapshot holds a Smarthost behind a shared pointer.
// Threading: pure functions.
// Failure:   what cannot be used alone is named in faults; a wrong member refuses the document.
// Source:    EmailSetting of the Hitachi EmailServerSettings API; docs/semantics.md, "Smarthosts".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "policy/documents.h"

namespace postern::policy {

// Plain: no TLS. TLS: from the first octet. STARTTLS: asked for, and the mail waits where it is not offered.
enum class SmarthostSecurity { plain, tls, starttls };

struct Smarthost {
  std::string id;  // equals the document's key: "default", a domain, or anything else
  Id instance_id;
  std::string host;
  std::uint16_t port = 25;
  SmarthostSecurity security = SmarthostSecurity::plain;
  bool authenticates = false;
  std::string user;
  Secret password;          // empty: none is known
  Secret written_password;  // as it stands in the document: base64, or sealed
  std::string sender;       // Address::key() of the system's own mail; empty: none
  std::vector<std::string> faults;

  bool risks_its_password() const { return authenticates && security == SmarthostSecurity::plain; }
};

// A document that does not say updatePassword keeps the password that is in force: the text with that
// one written into it, so that it stands on its own from then on. Any other text comes back as it was.
std::string with_kept_password(std::string_view json, const Smarthost& in_force);

}  // namespace postern::policy
