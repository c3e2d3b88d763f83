#include "health/domain_health.h"

#include <algorithm>
#include <utility>

#include "health/mail_records.h"

namespace postern::health {

std::string_view to_string(Type type) {
  switch (type) {
    case Type::mx:
      return "MX";
    case Type::dkim:
      return "DKIM";
    case Type::spf:
      return "SPF";
    case Type::mail_from:
      return "MAIL_FROM";
    case Type::identity:
      return "IDENTITY";
    case Type::platform:
      return "PLATFORM";
  }
  return {};
}

std::string_view to_string(Result result) {
  switch (result) {
    case Result::ok:
      return "OK";
    case Result::error:
      return "ERROR";
    case Result::dkim_missing_entry:
      return "ERROR_DKIM_MISSING_ENTRY";
    case Result::dkim_invalid_couple:
      return "ERROR_DKIM_INVALID_COUPLE";
    case Result::mx_missing_entry:
      return "ERROR_MX_MISSING_ENTRY";
    case Result::mx_invalid_entry:
      return "ERROR_MX_INVALID_ENTRY";
  }
  return {};
}

Entry check_platform(const policy::Platform& platform, const Tools& tools) {
  Entry entry{Type::platform, platform.id, Result::ok, {}};
  auto [reached, output] = tools.try_hop(platform.primary);
  entry.output = std::move(output);
  bool all = reached;
  if (platform.fallback) {
    auto [second, more] = tools.try_hop(*platform.fallback);
    all = all && second;
    entry.output.insert(entry.output.end(), more.begin(), more.end());
  }
  if (!all) entry.result = Result::error;
  return entry;
}

std::vector<Entry> check_domain(const Facts& facts, const Tools& tools) {
  std::vector<Entry> entries;
  entries.reserve((1 + facts.aliases.size()) * (2 + facts.keys.size()) + facts.platforms.size() +
                  2);
  std::vector<std::string> names = {facts.name};
  names.insert(names.end(), facts.aliases.begin(), facts.aliases.end());
  for (const std::string& name : names) entries.push_back(check_mx(name, tools));
  for (const std::string& name : names) {
    for (const policy::DkimKey& key : facts.keys) {
      entries.push_back(check_dkim(key, name, tools));
    }
  }
  for (const std::string& name : names) entries.push_back(check_spf(name, tools));
  if (facts.mail_from) entries.push_back(check_mail_from(*facts.mail_from, tools));
  if (facts.identity_token) {
    entries.push_back(check_identity(facts.name, *facts.identity_token, tools));
  }
  for (const policy::Platform& platform : facts.platforms) {
    entries.push_back(check_platform(platform, tools));
  }
  return entries;
}

bool is_well(const std::vector<Entry>& entries) {
  return std::all_of(entries.begin(), entries.end(), [](const Entry& entry) {
    return entry.result == Result::ok || entry.result == Result::dkim_missing_entry;
  });
}

}  // namespace postern::health
