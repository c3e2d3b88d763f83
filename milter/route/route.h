// Purpose:   answers Postfix's lookup tables from the snapshot.
// Threading: pure functions over an immutable snapshot.
// Failure:   a fault of ours (no usable snapshot, a dangling id) is Temporary, never NotFound:
// Postfix
//            would take NotFound for "no such domain" and bounce.
// Source:    docs/postfix.md lists every table, its key and its answer; Postfix socketmap_table(5).
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "policy/return_address.h"
#include "policy/snapshot.h"

namespace postern::route {

enum class Table {
  relay_domains,
  relay_clients,
  relay_recipients,
  recipient_checks,
  transport,
  sender_transport,
  tls_policy,
  sasl_passwd,
  virtual_alias,
  sender_login,
  bounce,
};
inline constexpr std::array kAllTables = {
    Table::relay_domains,    Table::relay_clients, Table::relay_recipients,
    Table::recipient_checks, Table::transport,     Table::sender_transport,
    Table::tls_policy,       Table::sasl_passwd,   Table::virtual_alias,
    Table::sender_login,     Table::bounce};

std::string_view to_string(Table table);
std::optional<Table> table_from(std::string_view name);

struct Found {
  std::string value;
};
struct NotFound {};
struct Temporary {
  std::string why;
};
using RouteAnswer = std::variant<Found, NotFound, Temporary>;

struct RouteOptions {
  std::string recipient_delimiters;
  // Where bounces of forwarded mail come back to; with it the keys and the time that tell ours.
  policy::ReturnOptions returns = {};
  // Whether a client is in the network of a provider that some domain's mail leaves from; none: nobody
  // is.
  std::function<bool(const IpAddress& client)> is_provider_client = {};
};

// `key` as Postfix sends it: whole addresses (any case, quoted or not), domains, client addresses,
// "*" once per process.
RouteAnswer answer(const policy::Snapshot& snapshot, Table table, std::string_view key,
                   const RouteOptions& options);

// The transport of a platform: "<service>:[host]:port[,[fallback]:port]".
std::string transport_of(const policy::Platform& platform);

}  // namespace postern::route
