#include "route/transport.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "route/route.h"

namespace postern::route {
namespace {

using policy::Hop;
using policy::TransportType;

constexpr std::uint16_t kWrapperPort = 465;
constexpr std::size_t kMaxHost = 253;

std::string_view bare_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return host.substr(1, host.size() - 2);
  }
  return host;
}

bool is_usable(std::string_view host) {
  const std::string_view bare = bare_host(host);
  return !bare.empty() && bare.size() <= kMaxHost &&
         std::all_of(bare.begin(), bare.end(), [](char c) {
           const char lower = ascii_lower(c);
           return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
                  c == '-' || c == '_' || c == ':';
         });
}

std::string hop_text(const Hop& hop) {
  return "[" + std::string(bare_host(hop.host)) + "]:" + std::to_string(hop.port);
}

bool is_wrapped(const Hop& hop, TransportType type) {
  return type != TransportType::smtp && hop.port == kWrapperPort;
}

std::string_view service_for(const Hop& hop, TransportType type) {
  if (is_wrapped(hop, type)) return "postern-smtps";
  switch (type) {
    case TransportType::smtp:
      return "postern-none";
    case TransportType::smtps_may:
      return "postern-may";
    case TransportType::smtps_encrypt:
      return "postern-encrypt";
  }
  return "postern-encrypt";
}

}  // namespace

std::optional<std::string> unusable_hop(const policy::Platform& platform) {
  if (!is_usable(platform.primary.host)) return "transportDest is no host name or address";
  if (platform.fallback && !is_usable(platform.fallback->host)) {
    return "fallbackTransportDest is no host name or address";
  }
  return std::nullopt;
}

std::string transport_of(const policy::Platform& platform) {
  const Hop& primary = platform.primary;
  if (platform.fallback) {
    // Both hops share one service, and so the stricter of the two protects both. The types stand in
    // the order of their strictness.
    const TransportType type = std::max(primary.type, platform.fallback->type);
    // A service either begins with TLS or it does not: a hop of the other kind could never be
    // spoken to, and would only be waited for.
    if (is_wrapped(primary, type) == is_wrapped(*platform.fallback, type)) {
      return std::string(service_for(primary, type)) + ":" + hop_text(primary) + "," +
             hop_text(*platform.fallback);
    }
  }
  return std::string(service_for(primary, primary.type)) + ":" + hop_text(primary);
}

}  // namespace postern::route
