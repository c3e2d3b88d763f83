// What the scenarios' daemon asks: a DNS in memory, and above it the real SPF, DKIM and sender checks.
#pragma once

#include <string>

#include "adapters/dkim/signer.h"
#include "adapters/opendkim/verifier.h"
#include "adapters/sender_verify/dns_verifier.h"
#include "adapters/spf/checker.h"
#include "adapters/spf/provider_networks.h"
#include "ports/virus_scanner.h"
#include "session/services.h"
#include "support/dns_zone.h"
#include "support/manual_clock.h"

namespace postern::test {

// Knows one virus, the EICAR test file, where it stands as it is.
class EicarScanner final : public ports::VirusScanner {
 public:
  const std::string& name() const override { return name_; }
  Milliseconds timeout() const override { return Milliseconds(1000); }
  Result<std::string> scan(const mail::Message& message, Deadline deadline) override;

 private:
  const std::string name_ = "eicar";
};

class Outside {
 public:
  // `fixtures`: tests/fixtures/dns. Throws for what is not there.
  explicit Outside(const std::string& fixtures);

  void lend(session::Services& services);
  // A signature of this domain for the message, as the value of its field.
  std::string signature(const mail::Message& message, const std::string& domain);

 private:
  ManualClock clock_;
  DnsZone zone_;
  ZoneResolver resolver_{zone_};
  spf::Checker spf_{resolver_};
  spf::CachedProviderNetworks providers_{spf_, clock_};
  opendkim::Verifier dkim_{resolver_, clock_};
  sender_verify::DnsSenderVerifier sender_verifier_{resolver_};
  EicarScanner virus_scanner_;
  dkim::Signer signer_{dkim::SignerOptions{}, clock_};
  policy::DkimKey key_;
};

}  // namespace postern::test
