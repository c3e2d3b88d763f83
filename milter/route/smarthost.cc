#include "route/smarthost.h"

#include <optional>

#include "base/text.h"
#include "mail/address.h"
#include "policy/resolve.h"
#include "policy/smarthost.h"

namespace postern::route {
namespace {

using policy::Smarthost;
using policy::SmarthostSecurity;

// Those with a login have services of their own: only there does Postfix ask for passwords, so that no
// platform is ever told one.
std::string_view service_of(const Smarthost& smarthost) {
  switch (smarthost.security) {
    case SmarthostSecurity::plain:
      return smarthost.authenticates ? "postern-auth-none" : "postern-none";
    case SmarthostSecurity::starttls:
      return smarthost.authenticates ? "postern-auth-encrypt" : "postern-encrypt";
    case SmarthostSecurity::tls:
      return smarthost.authenticates ? "postern-auth-smtps" : "postern-smtps";
  }
  return "postern-encrypt";
}

std::string next_hop_of(const Smarthost& smarthost) {
  return "[" + smarthost.host + "]:" + std::to_string(smarthost.port);
}

bool is_null_sender(std::string_view key) { return key.empty() || key == "<>" || key == "\"<>\""; }

std::optional<mail::Address> address_of(std::string_view key) {
  return key.size() > 512 ? std::nullopt : mail::Address::parse(key);
}

RouteAnswer login_of(const Smarthost& smarthost) {
  if (!smarthost.authenticates) return NotFound{};
  if (smarthost.password.empty()) {
    return Temporary{"smarthost:" + smarthost.id + ": no password is known"};
  }
  return Found{smarthost.user + ":" + std::string(smarthost.password.reveal())};
}

}  // namespace

RouteAnswer sender_transport(const policy::Snapshot& snapshot, std::string_view key) {
  const auto sender = address_of(key);
  // A sender that is no address goes the way of everybody.
  const Smarthost* const smarthost =
      policy::find_smarthost(snapshot, is_null_sender(key) ? std::nullopt : sender);
  if (smarthost == nullptr) return NotFound{};
  return Found{std::string(service_of(*smarthost)) + ":" + next_hop_of(*smarthost)};
}

RouteAnswer sasl_passwd(const policy::Snapshot& snapshot, std::string_view key) {
  if (const auto sender = address_of(key)) {
    const Smarthost* const smarthost = policy::find_smarthost(snapshot, sender);
    return smarthost == nullptr ? NotFound{} : login_of(*smarthost);
  }
  // The null sender has no address to be asked by, and only the default takes its mail.
  const Smarthost* const everybodys = snapshot.smarthost("default");
  if (everybodys == nullptr || !equals_ignoring_case(key, next_hop_of(*everybodys))) {
    return NotFound{};
  }
  return login_of(*everybodys);
}

}  // namespace postern::route
