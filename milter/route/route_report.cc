#include "route/route_report.h"

#include <nlohmann/json.hpp>

#include "base/ip.h"
#include "mail/address.h"

namespace postern::route {
namespace {

using nlohmann::json;

json answer_as_json(const RouteAnswer& answer, bool secret) {
  return std::visit(
      Overloaded{[secret](const Found& found) {
                   return json{{"answer", "found"}, {"value", secret ? "(redacted)" : found.value}};
                 },
                 [](const NotFound&) {
                   return json{{"answer", "not found"}, {"value", nullptr}};
                 },
                 [](const Temporary& fault) {
                   return json{{"answer", "temporary"}, {"value", fault.why}};
                 }},
      answer);
}

bool takes_domains(Table table) { return table == Table::relay_domains; }
bool takes_clients(Table table) { return table == Table::relay_clients; }

}  // namespace

std::string route_report(const policy::Snapshot& snapshot, std::string_view address,
                         const RouteOptions& options) {
  const bool is_client = IpAddress::parse(address).has_value();
  const auto parsed = mail::Address::parse(address);
  const std::string domain = parsed ? parsed->domain() : std::string(address);
  json tables = json::array();
  for (const Table table : kAllTables) {
    if (takes_clients(table) != is_client || table == Table::tls_policy) continue;
    const std::string key = takes_domains(table) ? domain : std::string(address);
    json entry = {{"table", to_string(table)}, {"key", key}};
    entry.update(
        answer_as_json(answer(snapshot, table, key, options), table == Table::sasl_passwd));
    tables.push_back(std::move(entry));
  }
  return json{{"address", address}, {"generation", snapshot.generation()}, {"tables", tables}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

}  // namespace postern::route
