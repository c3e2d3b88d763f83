#include "adapters/sender_verify/public_address.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace postern::sender_verify {
namespace {

std::vector<IpNetwork> networks(std::initializer_list<std::string_view> texts) {
  std::vector<IpNetwork> parsed;
  for (const std::string_view text : texts) {
    if (const auto network = IpNetwork::parse(text)) parsed.push_back(*network);
  }
  return parsed;
}

bool contains(const std::vector<IpNetwork>& networks, const IpAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace

bool is_public(const IpAddress& address) {
  static const std::vector<IpNetwork> kSpecialV4 =
      networks({"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
                "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"});
  static const std::vector<IpNetwork> kGlobalV6 = networks({"2000::/3"});
  // Teredo and 6to4 carry an IPv4 address that may be anybody's.
  static const std::vector<IpNetwork> kSpecialV6 =
      networks({"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"});
  switch (address.family()) {
    case IpAddress::Family::v4:
      return !contains(kSpecialV4, address);
    case IpAddress::Family::v6:
      return contains(kGlobalV6, address) && !contains(kSpecialV6, address);
  }
  return false;
}

}  // namespace postern::sender_verify
