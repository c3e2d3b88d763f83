#include "predict/domain_effects.h"

#include <map>
#include <set>

namespace postern::predict {
namespace {

using policy::Snapshot;

constexpr const char* kInForce = "in force";
constexpr const char* kNoSuchRule = "no such rule";

// One of a set appears or goes.
void compare_sets(const std::string& mail, const std::set<std::string>& before,
                  const std::set<std::string>& now, const char* absent, const char* present,
                  std::vector<Effect>& effects) {
  for (const std::string& one : before) {
    if (!now.contains(one)) effects.push_back({mail + one, present, absent});
  }
  for (const std::string& one : now) {
    if (!before.contains(one)) effects.push_back({mail + one, absent, present});
  }
}

std::set<std::string> networks_of(const policy::Domain* domain) {
  std::set<std::string> networks;
  if (domain == nullptr || domain->status == policy::DomainStatus::deleted) return networks;
  for (const IpNetwork& network : domain->outgoing_subnets) networks.insert(network.to_string());
  return networks;
}

std::set<std::string> aliases_of(const policy::Domain* domain) {
  if (domain == nullptr) return {};
  return {domain->aliases.begin(), domain->aliases.end()};
}

std::string signatures_of(const policy::DkimKeys* keys) {
  std::string selectors;
  if (keys != nullptr) {
    for (const policy::DkimKey& key : keys->keys) {
      if (key.state != policy::DkimState::active) continue;
      // The key itself matters as well: its public part tells two of them apart.
      selectors +=
          (selectors.empty() ? "" : ", ") + key.selector + " (key " +
          key.public_key.substr(key.public_key.size() > 12 ? key.public_key.size() - 12 : 0) + ")";
    }
  }
  return selectors.empty() ? "not signed" : "signed with selector " + selectors;
}

std::set<std::string> attachments_of(const policy::AttachmentRules* rules) {
  std::set<std::string> texts;
  if (rules == nullptr) return texts;
  for (const policy::AttachmentRule& rule : rules->rules()) {
    const bool allows = rule.action == policy::AttachmentAction::allow;
    texts.insert(std::string(allows ? "allow " : "deny ") +
                 std::string(policy::to_string(rule.check)) + " " + rule.filter);
  }
  return texts;
}

std::set<std::string> hosts_of(const policy::UriRules* rules) {
  std::set<std::string> texts;
  if (rules == nullptr) return texts;
  for (const policy::UriRule& rule : rules->rules()) {
    texts.insert(std::string(policy::to_string(rule.action)) + " " + rule.filter());
  }
  return texts;
}

std::map<std::string, std::string> groups_of(const policy::Groups* groups) {
  std::map<std::string, std::string> members;
  if (groups == nullptr) return members;
  for (const policy::Group& group : groups->groups()) {
    std::set<std::string> names;
    for (const policy::GroupMember& member : group.members) names.insert(member.address.key());
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "goes to " : ", ") + name;
    members[group.email] = text.empty() ? "refused: nobody is in it" : text;
  }
  return members;
}

void compare_groups(const policy::Groups* before, const policy::Groups* now,
                    std::vector<Effect>& effects) {
  const auto was = groups_of(before);
  const auto is = groups_of(now);
  const auto told = [](const auto& groups, const std::string& email) {
    const auto found = groups.find(email);
    return found == groups.end() ? std::string("no such group") : found->second;
  };
  std::set<std::string> emails;
  for (const auto* groups : {&was, &is}) {
    for (const auto& [email, members] : *groups) emails.insert(email);
  }
  for (const std::string& email : emails) {
    Effect effect{"mail to the group " + email, told(was, email), told(is, email)};
    if (effect.before != effect.now) effects.push_back(std::move(effect));
  }
}

}  // namespace

std::vector<Effect> compare_domain(const Snapshot& before, const Snapshot& now,
                                   const std::string& domain) {
  std::vector<Effect> effects;
  compare_sets("mail to the alias domain ", aliases_of(before.domain(domain)),
               aliases_of(now.domain(domain)), "not its mail", "its mail", effects);
  compare_sets("mail for it from clients in ", networks_of(before.domain(domain)),
               networks_of(now.domain(domain)), "judged as anybody's", "taken as its own", effects);
  Effect signature{"outgoing mail", signatures_of(before.dkim(domain)),
                   signatures_of(now.dkim(domain))};
  if (signature.before != signature.now) effects.push_back(std::move(signature));
  compare_sets("attachments by the rule: ", attachments_of(before.attachment_rules(domain)),
               attachments_of(now.attachment_rules(domain)), kNoSuchRule, kInForce, effects);
  compare_sets(
      "attachments by the rule for every domain: ", attachments_of(before.attachment_rules("*")),
      attachments_of(now.attachment_rules("*")), kNoSuchRule, kInForce, effects);
  compare_sets("links by the rule: ", hosts_of(before.uri_rules(domain)),
               hosts_of(now.uri_rules(domain)), kNoSuchRule, kInForce, effects);
  compare_groups(before.groups(domain), now.groups(domain), effects);
  return effects;
}

}  // namespace postern::predict
