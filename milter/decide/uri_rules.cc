#include "decide/uri_rules.h"

#include <algorithm>

#include "base/text.h"
#include "decide/decide.h"

namespace postern::decide {
namespace {

using policy::UriAction;
using policy::UriRule;
using policy::UriRules;

constexpr MilliScore kListedHost = 100'000;
constexpr std::size_t kLongestHost = 255;

// The entry that puts the host in the list; nullptr: it is not in it.
const UriRule* listing(const UriRules& rules, UriAction action, const std::string& host) {
  const UriRule* const found = rules.find(action, host);
  return found == nullptr || found->exclusion ? nullptr : found;
}

class Notes {
 public:
  Notes(const UriRules& rules, Explanation* why) : rules_(rules), why_(why) {}

  void add(UriAction action, const std::string& filter, std::string finding, Effect effect) const {
    if (why_ == nullptr) return;
    why_->add(std::string(to_string(action)) + (filter.empty() ? "" : " " + filter),
              rules_.source(), std::move(finding), effect);
  }

 private:
  const UriRules& rules_;
  Explanation* why_;
};

// Once for the message, however many hosts are listed.
MilliScore points_for(UriAction action, MilliScore points, const std::vector<std::string>& hosts,
                      const UriRules& rules, const Notes& notes) {
  if (!rules.has(action)) return 0;
  for (const std::string& host : hosts) {
    const UriRule* const found = listing(rules, action, host);
    if (found == nullptr) continue;
    notes.add(action, found->filter(),
              "the message names " + printable(host, kLongestHost) + ": " + format_score(points),
              Effect::applied);
    return points;
  }
  notes.add(action, "", "the message names no host of this list", Effect::no_match);
  return 0;
}

}  // namespace

bool is_skipped(const UriHit& hit, const policy::UriRules& rules) {
  if (hit.hosts.empty()) return false;
  return std::all_of(hit.hosts.begin(), hit.hosts.end(), [&rules](const std::string& host) {
    return listing(rules, UriAction::skip, host) != nullptr;
  });
}

MilliScore uri_score(const std::vector<std::string>& hosts, const std::vector<UriHit>& hits,
                     const policy::RecipientPolicy& rules, Explanation* why) {
  if (rules.uris == nullptr) return 0;
  const UriRules& uris = *rules.uris;
  const Notes notes(uris, why);
  MilliScore score = points_for(UriAction::allow, -kListedHost, hosts, uris, notes) +
                     points_for(UriAction::block, kListedHost, hosts, uris, notes);
  for (const UriHit& hit : hits) {
    if (!is_skipped(hit, uris)) continue;
    score -= hit.points;
    notes.add(UriAction::skip, "",
              printable(hit.symbol, 80) + " is for such hosts alone: its " +
                  format_score(hit.points) + " points do not count",
              Effect::applied);
  }
  return score;
}

}  // namespace postern::decide
