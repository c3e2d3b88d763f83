// Purpose:   SPF, DKIM and DMARC of one message, each only where somebody's rule depends on it.
// Ownership: borrows everything for the call; nothing outlives it.
// Threading: SPF is asked in a thread of its own, DKIM in the caller's; the caller keeps the MTA
//            patient with progress().
// Failure:   temperror is a verdict; a verifier that fails altogether is Unavailable.
// Source:    RFC 7208, RFC 6376, RFC 7489.
#pragma once

#include <functional>
#include <optional>

#include "base/ip.h"
#include "decide/evidence.h"
#include "mail/envelope.h"
#include "mail/header_from.h"
#include "mail/message.h"
#include "session/services.h"

namespace postern::session {

struct AuthenticationWants {
  bool spf = false;
  bool dkim = false;
  bool dmarc = false;  // asks for the other two
  bool any() const { return spf || dkim || dmarc; }
};

// Whom SPF looks at: the client, or the one before a trusted relay.
struct Origin {
  std::optional<IpAddress> address;  // nothing: it cannot be told
  std::string helo;
};

bool is_trusted_relay(const std::optional<IpAddress>& client,
                      const std::vector<IpNetwork>& trusted_relays);

decide::SpfVerdict check_spf(const Services& services, const Rules& rules, const Origin& origin,
                             const mail::Sender& sender, const std::string& our_name);

struct AuthenticationInput {
  const mail::Message& message;
  const mail::HeaderFrom& from;
  const mail::Sender& sender;
  const Origin& origin;
  std::string our_name;
};

// What is already in `evidence` is not asked for again. With several authors, in one From field or in
// several, DMARC's verdict is the worst of their domains: fail (the strictest policy first),
// permerror, temperror, none, pass. An author that cannot be read is none. More than five domains are
// a failure that is to be rejected, unasked: no mail but a forger's has so many.
void authenticate(const Services& services, const Rules& rules, const AuthenticationInput& input,
                  const AuthenticationWants& wants, decide::Evidence& evidence,
                  const std::function<void()>& progress);

}  // namespace postern::session
