#include "adapters/spf/provider_networks.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace postern::spf {
namespace {

using ports::Membership;

Membership told(bool is_member) { return is_member ? Membership::member : Membership::stranger; }

}  // namespace

CachedProviderNetworks::CachedProviderNetworks(ports::SpfChecker& checker, const Clock& clock,
                                               ProviderNetworksOptions options)
    : checker_(checker), clock_(clock), options_(std::move(options)) {}

Membership CachedProviderNetworks::ask(const std::string& spf_provider, const IpAddress& client,
                                       Deadline deadline) {
  const std::string name = client.to_string();
  const SteadyTime now = clock_.steady();
  const auto known = recall(spf_provider, name);
  if (known && now - known->told < options_.fresh) return told(known->is_member);

  const auto stale_or_unknown = [&] {
    return known && now - known->told < options_.stale ? told(known->is_member)
                                                       : Membership::unknown;
  };
  const bool is_away = away_.with([&](auto& away) {
    const auto since = away.find(spf_provider);
    return since != away.end() && now - since->second < options_.ask_again_after;
  });
  if (is_away) return stale_or_unknown();

  // The record speaks for the provider, whoever the sender is: macros see the provider's postmaster.
  ports::SpfInput input{client, spf_provider, mail::Address::parse("postmaster@" + spf_provider),
                        options_.host_name};
  const decide::SpfVerdict verdict = checker_.check_domain(spf_provider, input, deadline);
  switch (verdict.result) {
    case decide::SpfResult::pass:
      remember(spf_provider, name, {true, now});
      return Membership::member;
    case decide::SpfResult::neutral:
    case decide::SpfResult::softfail:
    case decide::SpfResult::fail:
      remember(spf_provider, name, {false, now});
      return Membership::stranger;
    case decide::SpfResult::none:
    case decide::SpfResult::permerror:
      log::warning("a provider's SPF record cannot be used: it admits nobody",
                   {{"spf_provider", spf_provider},
                    {"why", verdict.problem.empty() ? "there is none" : verdict.problem}});
      remember(spf_provider, name, {false, now});
      return Membership::stranger;
    case decide::SpfResult::temperror:
      break;
  }
  away_.with([&](auto& away) { away[spf_provider] = now; });
  return stale_or_unknown();
}

std::vector<std::string> CachedProviderNetworks::known_networks(const IpAddress& client) const {
  const SteadyTime now = clock_.steady();
  return cache_.with([&](const Cache& cache) {
    std::vector<std::string> networks;
    const auto found = cache.find(client.to_string());
    if (found == cache.end()) return networks;
    for (const auto& [spf_provider, known] : found->second) {
      if (known.is_member && now - known.told < options_.stale) networks.push_back(spf_provider);
    }
    return networks;
  });
}

std::optional<CachedProviderNetworks::Known> CachedProviderNetworks::recall(
    const std::string& spf_provider, const std::string& client) const {
  return cache_.with([&](const Cache& cache) -> std::optional<Known> {
    const auto found = cache.find(client);
    if (found == cache.end()) return std::nullopt;
    const auto known = found->second.find(spf_provider);
    if (known == found->second.end()) return std::nullopt;
    return known->second;
  });
}

void CachedProviderNetworks::remember(const std::string& spf_provider, const std::string& client,
                                      Known known) {
  const auto is_old = [&](const auto& entry) {
    return known.told - entry.second.told >= options_.fresh;
  };
  cache_.with([&](Cache& cache) {
    if (cache.size() >= options_.most_clients) {
      std::erase_if(cache, [&is_old](const auto& one) {
        return std::all_of(one.second.begin(), one.second.end(), is_old);
      });
    }
    // Full of clients of this very quarter of an hour: better asked again than remembered for ever.
    if (cache.size() >= options_.most_clients) cache.clear();
    cache[client][spf_provider] = known;
  });
}

}  // namespace postern::spf
