#include "daemon/control_limits.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace postern::daemon {
namespace {

using nlohmann::json;

constexpr double kNear = 0.8;

json or_null(const std::optional<std::uint32_t>& cap) { return cap ? json(*cap) : json(nullptr); }

double share_of(std::uint32_t used, const std::optional<std::uint32_t>& cap) {
  if (!cap) return 0;
  return *cap == 0 ? 1 : static_cast<double>(used) / *cap;
}

struct Standing {
  ports::AccountUse account;
  decide::SendingCaps caps;
  double share = 0;
};

}  // namespace

std::string limits_report(const session::Services& services, std::string_view request) {
  const json wanted = json::parse(request);
  const auto only = wanted.value("account", std::string());
  const auto least = wanted.value("share", kNear);
  const decide::SendingCaps house = services.rules.get()->sending_caps;
  const policy::SnapshotPtr snapshot = services.snapshot.get();
  const ports::SendingReport report = services.sending_limits->report();
  std::vector<Standing> standings;
  for (const ports::AccountUse& one : report.accounts) {
    if (!only.empty() && only != one.account) continue;
    const std::string name = one.account.substr(one.account.rfind('@') + 1);
    const policy::Domain* const domain = snapshot ? snapshot->domain_or_alias(name) : nullptr;
    Standing standing{one, domain == nullptr ? house : decide::caps_of(*snapshot, *domain, house)};
    standing.share = std::max(share_of(one.use.messages, standing.caps.messages),
                              share_of(one.use.recipients, standing.caps.recipients));
    if (only.empty() && standing.share < least) continue;
    standings.push_back(std::move(standing));
  }
  std::sort(standings.begin(), standings.end(), [](const Standing& a, const Standing& b) {
    return a.share != b.share ? a.share > b.share : a.account.account < b.account.account;
  });
  json accounts = json::array();
  for (const Standing& one : standings) {
    accounts.push_back({{"account", one.account.account},
                        {"messages", one.account.use.messages},
                        {"most_messages", or_null(one.caps.messages)},
                        {"recipients", one.account.use.recipients},
                        {"most_recipients", or_null(one.caps.recipients)},
                        {"share", one.share}});
  }
  return json{{"accounts", accounts},
              {"counted", report.accounts.size()},
              {"alone", report.alone ? json(*report.alone) : json(nullptr)}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace postern::daemon
