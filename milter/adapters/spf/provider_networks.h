// Purpose:   a provider's networks, as its SPF record has them, asked with whichever engine judges SPF and
//            remembered for a quarter of an hour.
// Ownership: borrows checker and clock, which outlive it.
// Threading: as ports::ProviderNetworks. Nothing is locked while DNS is asked.
// Failure:   a record that cannot be evaluated admits nobody, with a warning; one that cannot be had
//            now is unknown, and what was known of the client counts for a day.
// Source:    RFC 7208 5.2; docs/semantics.md, "Outgoing mail".
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/guarded.h"
#include "ports/provider_networks.h"
#include "ports/spf_checker.h"

namespace postern::spf {

struct ProviderNetworksOptions {
  std::string host_name = {};  // ours, for macros
  Milliseconds fresh = std::chrono::minutes(15);
  Milliseconds stale = std::chrono::hours(24);
  Milliseconds ask_again_after = std::chrono::minutes(1);  // a record that could not be had
  std::size_t most_clients = 100'000;
};

class CachedProviderNetworks final : public ports::ProviderNetworks {
 public:
  CachedProviderNetworks(ports::SpfChecker& checker, const Clock& clock,
                         ProviderNetworksOptions options = {});

  ports::Membership ask(const std::string& spf_provider, const IpAddress& client,
                        Deadline deadline) override;
  std::vector<std::string> known_networks(const IpAddress& client) const override;

 private:
  struct Known {
    bool is_member = false;
    SteadyTime told{};
  };
  // By the client's address, then by the record.
  using Cache = std::unordered_map<std::string, std::map<std::string, Known>>;

  std::optional<Known> recall(const std::string& spf_provider, const std::string& client) const;
  void remember(const std::string& spf_provider, const std::string& client, Known known);

  ports::SpfChecker& checker_;
  const Clock& clock_;
  const ProviderNetworksOptions options_;
  Guarded<Cache> cache_;
  Guarded<std::map<std::string, SteadyTime>> away_;  // records that could not be had, and when
};

}  // namespace postern::spf
