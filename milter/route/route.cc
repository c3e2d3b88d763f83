#include "route/route.h"

#include <algorithm>

#include "base/ip.h"
#include "base/text.h"
#include "mail/address.h"
#include "mail/domain_name.h"
#include "policy/resolve.h"
#include "route/smarthost.h"
#include "route/transport.h"

namespace postern::route {
namespace {

using mail::Address;
using policy::Snapshot;

// The domain whose mail we carry, or nullptr. A deleted domain is as unknown as any other.
const policy::Domain* served_domain(const Snapshot& snapshot, const std::string& name) {
  const policy::Domain* domain = snapshot.domain_or_alias(name);
  if (domain == nullptr) return nullptr;
  switch (domain->status) {
    case policy::DomainStatus::enabled:
    case policy::DomainStatus::disabled:
    case policy::DomainStatus::pending:
      return domain;
    case policy::DomainStatus::deleted:
      return nullptr;
  }
  return nullptr;
}

const policy::Domain* served_domain_of_key(const Snapshot& snapshot, std::string_view key) {
  const std::size_t at = key.rfind('@');
  if (at == std::string_view::npos) return nullptr;
  const auto name = mail::to_a_label(key.substr(at + 1));
  return name ? served_domain(snapshot, *name) : nullptr;
}

// Addresses are at most 255 octets; anything longer is refused before it is looked at closely.
std::optional<Address> parse_key(std::string_view key) {
  return key.size() > 512 ? std::nullopt : Address::parse(key);
}

// Whom an address of ours stands for: the sender of mail that went on under it.
RouteAnswer bounce(const policy::ReturnAddress& address) {
  switch (address.verdict) {
    case policy::ReturnVerdict::valid:
      return Found{address.sender->to_string()};
    case policy::ReturnVerdict::expired:
    case policy::ReturnVerdict::forged:
      return NotFound{};
    case policy::ReturnVerdict::no_keys:
      return Temporary{"keys.token_file has no keys to read this address with"};
  }
  return NotFound{};
}

std::optional<policy::ReturnAddress> return_address(const Snapshot& snapshot, std::string_view key,
                                                    const RouteOptions& options) {
  const auto address = parse_key(key);
  if (!address) return std::nullopt;
  return policy::read_return_address(snapshot, *address, options.returns);
}

// The MTA sends by the sender as it is now: an address in a MAIL FROM domain stands for the customer who
// sent. One in the SRS domain may stand for anybody, and goes the operator's own way.
std::string as_sent(const Snapshot& snapshot, std::string_view key, const RouteOptions& options) {
  const auto sender = parse_key(key);
  if (sender && equals_ignoring_case(sender->domain(), options.returns.srs_domain)) {
    return std::string(key);
  }
  const auto back = return_address(snapshot, key, options);
  return back && back->sender ? back->sender->to_string() : std::string(key);
}

RouteAnswer relay_domains(const Snapshot& snapshot, std::string_view key,
                          const RouteOptions& options) {
  if (key.find('@') != std::string_view::npos) return NotFound{};
  const auto name = mail::to_a_label(key);
  if (!name) return NotFound{};
  if (policy::is_return_domain(snapshot, options.returns, *name)) return Found{*name};
  const policy::Domain* domain = served_domain(snapshot, *name);
  if (domain == nullptr) return NotFound{};
  return Found{domain->name};
}

RouteAnswer relay_clients(const Snapshot& snapshot, std::string_view key,
                          const RouteOptions& options) {
  const auto client = IpAddress::parse(key);
  if (!client)
    return NotFound{};  // a host name: whoever owns the reverse zone writes what he likes
  for (const std::string& name : snapshot.domains_of_client(*client)) {
    if (served_domain(snapshot, name) != nullptr) return Found{"OK"};
  }
  // The milter refuses what is not proven to be a tenant's.
  if (options.is_provider_client && options.is_provider_client(*client)) return Found{"OK"};
  return NotFound{};
}

RouteAnswer relay_recipients(const Snapshot& snapshot, std::string_view key,
                             const RouteOptions& options) {
  if (const auto back = return_address(snapshot, key, options)) {
    const RouteAnswer sender = bounce(*back);
    return std::holds_alternative<Found>(sender) ? RouteAnswer(Found{"OK"}) : sender;
  }
  const auto address = parse_key(key);
  if (!address || served_domain(snapshot, address->domain()) == nullptr) return NotFound{};
  return std::visit(
      Overloaded{
          [](const policy::UnknownDomain&) -> RouteAnswer { return NotFound{}; },
          [](const policy::Dangling& dangling) -> RouteAnswer { return Temporary{dangling.what}; },
          [](const policy::RecipientPolicy& recipient) -> RouteAnswer {
            if (recipient.domain->recipients_known && !recipient.is_known()) return NotFound{};
            if (recipient.group != nullptr && recipient.group->members.empty()) return NotFound{};
            return Found{"OK"};
          }},
      policy::resolve(snapshot, *address, options.recipient_delimiters));
}

// What Postfix does before it takes a recipient: asks the platform that he is on. Nobody elsewhere is asked
// for: the world is not to be probed.
RouteAnswer recipient_checks(const Snapshot& snapshot, std::string_view key,
                             const RouteOptions& options) {
  const auto address = parse_key(key);
  const bool is_ours =
      address && (served_domain(snapshot, address->domain()) != nullptr ||
                  policy::is_return_domain(snapshot, options.returns, address->domain()));
  return is_ours ? RouteAnswer(Found{"reject_unverified_recipient"}) : NotFound{};
}

// A bounce goes on to the sender whom the address stands for, never to the address itself.
RouteAnswer transport_of_return(const policy::ReturnAddress& address) {
  RouteAnswer sender = bounce(address);
  if (std::holds_alternative<Temporary>(sender)) return sender;
  if (std::holds_alternative<Found>(sender)) return NotFound{};
  return Found{"error:5.1.1 no such address, or one that is no longer good"};
}

RouteAnswer transport(const Snapshot& snapshot, std::string_view key, const RouteOptions& options) {
  if (const auto back = return_address(snapshot, key, options)) return transport_of_return(*back);
  if (served_domain_of_key(snapshot, key) == nullptr) return NotFound{};
  const auto address = parse_key(key);
  // Never NotFound within a served domain: Postfix would deliver by MX, which is we ourselves.
  if (!address) return Found{"error:5.1.3 not a mailbox address"};
  return std::visit(Overloaded{[](const policy::UnknownDomain&) -> RouteAnswer {
                                 return Temporary{"the domain is served but does not resolve"};
                               },
                               [](const policy::Dangling& dangling) -> RouteAnswer {
                                 return Temporary{dangling.what};
                               },
                               [](const policy::RecipientPolicy& recipient) -> RouteAnswer {
                                 if (recipient.platform == nullptr) {
                                   return Found{"error:5.1.1 no platform for this domain"};
                                 }
                                 const auto unusable = unusable_hop(*recipient.platform);
                                 if (unusable)
                                   return Temporary{recipient.platform_source + ": " + *unusable};
                                 return Found{transport_of(*recipient.platform)};
                               }},
                    policy::resolve(snapshot, *address, options.recipient_delimiters));
}

RouteAnswer members_of(const Snapshot& snapshot, const policy::Group& group) {
  const policy::Expansion expansion = policy::expand(snapshot, group);
  if (expansion.fault) return Temporary{"group " + group.email + ": " + *expansion.fault};
  std::string addresses;
  for (const policy::GroupMember& member : expansion.members) {
    addresses += (addresses.empty() ? "" : ",") + member.address.to_string();
  }
  if (addresses.empty()) return NotFound{};
  return Found{std::move(addresses)};
}

// A user under his primary name is himself; so is an address that nobody knows, which its platform may.
RouteAnswer virtual_alias(const Snapshot& snapshot, std::string_view key,
                          const RouteOptions& options) {
  if (const auto back = return_address(snapshot, key, options)) return bounce(*back);
  const auto address = parse_key(key);
  if (!address) return NotFound{};
  const policy::Domain* domain = served_domain(snapshot, address->domain());
  if (domain == nullptr) return NotFound{};
  if (policy::find_user(snapshot, *domain, *address, options.recipient_delimiters) == nullptr) {
    const policy::Group* group = policy::find_group(snapshot, *domain, *address);
    if (group != nullptr) return members_of(snapshot, *group);
    if (const auto mailbox = policy::find_catchall(snapshot, *domain)) {
      return Found{mailbox->to_string()};
    }
  }
  if (domain->name == address->domain()) return NotFound{};
  return Found{address->in_domain(domain->name).to_string()};
}

RouteAnswer sender_login(const Snapshot& snapshot, std::string_view key) {
  const auto address = parse_key(key);
  if (!address) return NotFound{};
  const policy::Domain* domain = served_domain(snapshot, address->domain());
  if (domain == nullptr) return NotFound{};
  // Postfix splits the answer at commas and blanks: a local part that holds one would name other
  // logins.
  if (address->local().find_first_of(", \t\r\n") != std::string::npos) return NotFound{};
  if (domain->name == address->domain()) return Found{address->key()};
  // One mailbox has two spellings, and its user logs in under either.
  return Found{address->in_domain(domain->name).key() + "," + address->key()};
}

}  // namespace

std::string_view to_string(Table table) {
  switch (table) {
    case Table::relay_domains:
      return "relay_domains";
    case Table::relay_clients:
      return "relay_clients";
    case Table::relay_recipients:
      return "relay_recipients";
    case Table::recipient_checks:
      return "recipient_checks";
    case Table::transport:
      return "transport";
    case Table::sender_transport:
      return "sender_transport";
    case Table::tls_policy:
      return "tls_policy";
    case Table::sasl_passwd:
      return "sasl_passwd";
    case Table::virtual_alias:
      return "virtual_alias";
    case Table::sender_login:
      return "sender_login";
    case Table::bounce:
      return "bounce";
  }
  return "";
}

std::optional<Table> table_from(std::string_view name) {
  const auto found = std::find_if(kAllTables.begin(), kAllTables.end(),
                                  [name](Table table) { return to_string(table) == name; });
  if (found == kAllTables.end()) return std::nullopt;
  return *found;
}

RouteAnswer answer(const Snapshot& snapshot, Table table, std::string_view key,
                   const RouteOptions& options) {
  // "Is there an entry for everything?", asked once per process. There is none in any snapshot, and
  // a Temporary here would be remembered after a snapshot has come.
  if (key == "*") return NotFound{};
  if (!snapshot.usable()) return Temporary{"no policy is in force"};
  switch (table) {
    case Table::relay_domains:
      return relay_domains(snapshot, key, options);
    case Table::relay_clients:
      return relay_clients(snapshot, key, options);
    case Table::relay_recipients:
      return relay_recipients(snapshot, key, options);
    case Table::recipient_checks:
      return recipient_checks(snapshot, key, options);
    case Table::transport:
      return transport(snapshot, key, options);
    case Table::virtual_alias:
      return virtual_alias(snapshot, key, options);
    case Table::sender_login:
      return sender_login(snapshot, key);
    case Table::bounce: {
      const auto back = return_address(snapshot, key, options);
      return back ? bounce(*back) : RouteAnswer(NotFound{});
    }
    case Table::sender_transport:
      return sender_transport(snapshot, as_sent(snapshot, key, options));
    case Table::sasl_passwd:
      return sasl_passwd(snapshot, as_sent(snapshot, key, options));
    // No document in force says anything about it.
    case Table::tls_policy:
      return NotFound{};
  }
  return Temporary{"unknown table"};
}

}  // namespace postern::route
