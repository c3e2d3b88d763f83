#include "policy/dkim_report.h"

#include <nlohmann/json.hpp>

#include "mail/domain_name.h"
#include "policy/decode_parts.h"

namespace postern::policy {

using nlohmann::json;

std::optional<std::string> dkim_report(const Snapshot& snapshot, const std::string& name) {
  const auto asked = mail::to_a_label(name);
  const Domain* const domain = asked ? snapshot.domain_or_alias(*asked) : nullptr;
  // Keys may be there before their domain is.
  const std::string primary = domain == nullptr ? asked.value_or("") : domain->name;
  const DkimKeys* const keys = snapshot.dkim(primary);
  if (domain == nullptr && keys == nullptr) return std::nullopt;
  json names = json::array({primary});
  if (domain != nullptr) {
    for (const std::string& alias : domain->aliases) names.push_back(alias);
  }
  json list = json::array();
  if (keys != nullptr) {
    for (const DkimKey& key : keys->keys) {
      list.push_back({{"selector", key.selector},
                      {"algorithm", name_of(key.algorithm, kDkimAlgorithms)},
                      {"state", name_of(key.state, kDkimStates)},
                      {"public_key", key.public_key},
                      {"bits", key.bits}});
    }
  }
  return json{{"domain", primary}, {"names", names}, {"keys", list}}.dump();
}

}  // namespace postern::policy
