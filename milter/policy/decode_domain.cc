#include <algorithm>
#include <unordered_set>

#include "base/text.h"
#include "mail/domain_name.h"
#include "policy/decode_parts.h"

namespace postern::policy {
namespace {

// Calls use(element, its pointer) for each element; an absent or null array has none.
template <typename Use>
void for_each_element(const ObjectReader& object, std::string_view member, Use&& use) {
  const Json::Array* elements = object.array(member);
  if (elements == nullptr) return;
  for (std::size_t i = 0; i < elements->size(); ++i) {
    use((*elements)[i], object.pointer_to(member) + "/" + std::to_string(i));
  }
}

std::string read_name(const ObjectReader& object, std::string_view member) {
  auto name = mail::to_a_label(object.required_text(member, kMaxAddressSize));
  if (!name) object.wrong(member, "a domain name");
  return name.value_or("");
}

std::vector<std::string> read_aliases(const ObjectReader& domain, const std::string& own_name) {
  std::vector<std::string> aliases;
  std::unordered_set<std::string> known = {own_name};
  for_each_element(domain, "domainAliases", [&](const Json& element, std::string pointer) {
    const ObjectReader object(element, std::move(pointer), domain.faults());
    std::string name = read_name(object, "name");
    if (known.insert(name).second) aliases.push_back(std::move(name));
  });
  return aliases;
}

std::vector<std::shared_ptr<const Platform>> read_platforms(const ObjectReader& domain) {
  std::vector<std::shared_ptr<const Platform>> platforms;
  for_each_element(domain, "platforms", [&](const Json& element, std::string pointer) {
    const ObjectReader object(element, std::move(pointer), domain.faults());
    platforms.push_back(std::make_shared<const Platform>(read_platform(object)));
  });
  return platforms;
}

std::vector<OutgoingProvider> read_providers(const ObjectReader& domain) {
  std::vector<OutgoingProvider> providers;
  for_each_element(domain, "outgoingProviders", [&](const Json& element, std::string pointer) {
    const ObjectReader object(element, std::move(pointer), domain.faults());
    providers.push_back({.id = object.id("id").value_or(""),
                         .name = object.text("name", kMaxLabelSize).value_or(""),
                         .spf_provider = read_name(object, "spfProvider"),
                         .active = object.flag("active", false)});
  });
  return providers;
}

bool overlap(const IpNetwork& a, const IpNetwork& b) {
  return a.contains(b.address()) || b.contains(a.address());
}

// Why the network may not relay; nothing: it may.
std::optional<std::string> fault_of(const std::optional<IpNetwork>& network, std::string_view text,
                                    const DecodeOptions& options) {
  static constexpr std::string_view kNotIpv4 = "not an IPv4 network";
  // An IPv6 spelling of an IPv4 address would have its prefix length counted from another start.
  if (!network || text.find(':') != std::string_view::npos) return std::string(kNotIpv4);
  if (network->prefix_length() < options.shortest_subnet) {
    return "shorter than /" + std::to_string(options.shortest_subnet);
  }
  if (overlap(*network, *IpNetwork::parse("127.0.0.0/8"))) return "a loopback network";
  if (overlap(*network, *IpNetwork::parse("0.0.0.0/8"))) return "within 0.0.0.0/8";
  return std::nullopt;
}

void read_subnets(const ObjectReader& object, const DecodeOptions& options, Domain& domain) {
  for_each_element(object, "outgoingSubnets", [&](const Json& element, const std::string& pointer) {
    const auto* given = std::get_if<std::string>(&element.value);
    if (given == nullptr) {
      object.faults().note(pointer + ": expected a string, found " + description_of(element, ""));
      return;
    }
    const std::string_view text = trim(*given);
    const auto network = IpNetwork::parse(text);
    if (const auto fault = fault_of(network, text, options)) {
      domain.subnet_faults.push_back(printable(text, 60) + ": " + *fault);
    } else {
      domain.outgoing_subnets.push_back(*network);
    }
  });
  auto& subnets = domain.outgoing_subnets;
  std::sort(subnets.begin(), subnets.end());
  subnets.erase(std::unique(subnets.begin(), subnets.end()), subnets.end());
}

}  // namespace

Domain read_domain(const ObjectReader& object, const DecodeOptions& options) {
  Domain domain;
  domain.id = object.id("id").value_or("");
  domain.name = read_name(object, "name");
  domain.status = object.choice("status", kDomainStatuses, DomainStatus::enabled);
  domain.list_priority = object.choice("wblistPriority", kListPriorities, ListPriority::user);
  domain.enforcement = object.choice("enforcement", kEnforcements, Enforcement::enforce);
  domain.auto_provisioning = object.flag("autoProvisioningOn", false);
  domain.sender_verify = object.flag("senderVerifyOn", true);
  domain.recipients_known = object.flag("recipientsKnown", false);
  domain.default_language = object.text("defaultLanguage", kMaxLabelSize).value_or("");
  // The domain's own quarantine, retention, archive and incoming only say that some policy of it
  // has them: they decide nothing and are not read.
  domain.policy = read_nested_policy(object);
  domain.policy_id = read_id_unless(domain.policy != nullptr, object, "policyId");
  domain.aliases = read_aliases(object, domain.name);
  domain.platforms = read_platforms(object);
  domain.platform_id = object.id("platformId");
  read_subnets(object, options, domain);
  domain.outgoing_providers = read_providers(object);
  domain.deletion_date = object.time("deletionDate");
  domain.purge_date = object.time("purgeDate");
  return domain;
}

}  // namespace postern::policy
