#include "session/services.h"

namespace postern::session {

void Services::borrow(const Services& other) {
  scanners = other.scanners;
  virus_scanner = other.virus_scanner;
  resolver = other.resolver;
  spf = other.spf;
  dkim_verifier = other.dkim_verifier;
  sender_verifier = other.sender_verifier;
  sending_limits = other.sending_limits;
  signer = other.signer;
  vault = other.vault;
  token_keys = other.token_keys;
  rules.set(other.rules.get());
}

policy::ReturnOptions return_options(const Services& services, const Rules& rules) {
  return {rules.srs_domain, &services.token_keys, services.clock.wall()};
}

}  // namespace postern::session
