#include <algorithm>

#include "base/ip.h"
#include "base/text.h"
#include "mail/domain_name.h"
#include "policy/decode_parts.h"

namespace postern::policy {
namespace {

constexpr std::int64_t kSmtpPort = 25;
constexpr std::int64_t kMaxPort = 65535;

bool is_number(std::string_view label) {
  return !label.empty() &&
         std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What stands here ends up in Postfix's next hop: an address or a host name, nothing else.
std::optional<std::string> host_from(std::string_view text) {
  if (const auto address = IpAddress::parse(text)) return address->to_string();
  auto name = mail::to_a_label(text);
  // "1.2.3.444" is a slip of the pen, not a host name.
  if (!name || name->front() == '[' || is_number(split(*name, '.').back())) return std::nullopt;
  return name;
}

std::uint16_t read_port(const ObjectReader& object, std::string_view member) {
  return static_cast<std::uint16_t>(object.whole_number(member, 1, kMaxPort).value_or(kSmtpPort));
}

// A text, "" or null from one endpoint, an object from another; nothing in it decides about mail.
void check_settings(const ObjectReader& object, std::string_view member) {
  const Json* given = object.value(member);
  if (given == nullptr || std::holds_alternative<std::string>(given->value) ||
      std::holds_alternative<Json::Object>(given->value)) {
    return;
  }
  object.wrong(member, "an object, a string or null");
}

std::optional<Hop> read_fallback(const ObjectReader& object, const Hop& primary) {
  const TransportType type = object.choice("fallbackTransportType", kTransportTypes, primary.type);
  const std::uint16_t port = read_port(object, "fallbackTransportPort");
  const std::string host = object.text("fallbackTransportDest", kMaxAddressSize).value_or("");
  if (host.empty()) return std::nullopt;
  return Hop{read_host(object, "fallbackTransportDest", host), port, type};
}

}  // namespace

std::string read_host(const ObjectReader& object, std::string_view member, std::string_view text) {
  auto host = host_from(text);
  if (!host) object.wrong(member, "an IP address or a host name");
  return host.value_or("");
}

Platform read_platform(const ObjectReader& object) {
  Platform platform;
  platform.id = object.id("id").value_or("");
  platform.name = object.text("name", kMaxLabelSize).value_or("");
  const std::string host = object.required_text("transportDest", kMaxAddressSize);
  platform.primary.host = read_host(object, "transportDest", host);
  platform.primary.port = read_port(object, "transportPort");
  platform.primary.type = object.choice("transportType", kTransportTypes, TransportType::smtp);
  platform.fallback = read_fallback(object, platform.primary);
  platform.is_default = object.flag("default", false);
  check_settings(object, "apiData");
  check_settings(object, "authData");
  return platform;
}

}  // namespace postern::policy
