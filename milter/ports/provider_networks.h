// Purpose:   is a client in the network that a provider publishes as its SPF record.
// Ownership: the implementation remembers what it was told.
// Threading: both are called from many threads at once; known_networks() never waits.
// Failure:   what cannot be told now is `unknown`, and asked again the next time.
// Source:    OutgoingProvider.spfProvider; RFC 7208 5.2 (include).
#pragma once

#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/ip.h"

namespace postern::ports {

enum class Membership { member, stranger, unknown };

class ProviderNetworks {
 public:
  ProviderNetworks() = default;
  ProviderNetworks(const ProviderNetworks&) = delete;
  ProviderNetworks& operator=(const ProviderNetworks&) = delete;
  virtual ~ProviderNetworks() = default;

  virtual Membership ask(const std::string& spf_provider, const IpAddress& client,
                         Deadline deadline) = 0;
  // The networks in which the client has lately been found.
  virtual std::vector<std::string> known_networks(const IpAddress& client) const = 0;
};

}  // namespace postern::ports
