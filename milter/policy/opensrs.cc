#include "policy/opensrs.h"

#include <algorithm>

namespace postern::policy {
namespace {

constexpr int kQuarantineDays = 31;

MilliScore score_of(SpamLevel level, const SpamLevels& levels) {
  switch (level) {
    case SpamLevel::normal:
      return levels.normal;
    case SpamLevel::high:
      return levels.high;
    case SpamLevel::very_high:
      return levels.very_high;
  }
  return levels.normal;
}

// What holds where nobody else says anything: everything is delivered but spam and viruses.
Policy opensrs_default(const OpensrsDomain& opensrs, const SpamLevels& levels) {
  Policy policy;
  policy.id = opensrs.source();
  policy.name = opensrs.source();
  policy.outgoing = true;
  policy.spam_score = levels.normal;
  policy.relay.spam_score_limit = std::nullopt;
  return policy;
}

void quarantine_spam(Policy& policy) {
  policy.relay.relay_spam = false;
  if (!policy.quarantine) policy.quarantine_props = {.duration_days = kQuarantineDays};
  policy.quarantine = true;
  policy.quarantine_props.store_spam = true;
}

void pass_spam_through(Policy& policy) {
  policy.relay.relay_spam = true;
  policy.relay.spam_score_limit = std::nullopt;
  policy.quarantine_props.store_spam = false;
}

void deliver_spam_as(FilterDelivery delivery, Policy& policy) {
  switch (delivery) {
    case FilterDelivery::quarantine:
      quarantine_spam(policy);
      return;
    case FilterDelivery::passthrough:
      pass_spam_through(policy);
      return;
  }
}

bool changes_rules(const OpensrsDomain& opensrs) {
  return opensrs.filter_delivery || opensrs.spam_level || opensrs.spam_header ||
         !opensrs.spam_tag.empty();
}

}  // namespace

const IpNetwork* OpensrsDomain::blocking(const IpAddress& client) const {
  const auto found =
      std::find_if(block_clients.begin(), block_clients.end(),
                   [&client](const IpNetwork& network) { return network.contains(client); });
  return found == block_clients.end() ? nullptr : &*found;
}

Policy policy_of(const OpensrsDomain& opensrs, const Policy* base, const SpamLevels& levels) {
  Policy policy = base == nullptr ? opensrs_default(opensrs, levels) : *base;
  if (opensrs.spam_level) {
    policy.spam_score = score_of(*opensrs.spam_level, levels);
    policy.relay.spam_score_limit = std::nullopt;
  }
  if (opensrs.filter_delivery) {
    deliver_spam_as(*opensrs.filter_delivery, policy);
  } else if (base == nullptr) {
    quarantine_spam(policy);
  }
  if (!opensrs.spam_tag.empty()) policy.relay.prefix_spam = opensrs.spam_tag;
  if (opensrs.spam_header) policy.relay.add_header = opensrs.spam_header;
  return policy;
}

Domain domain_of(std::shared_ptr<const OpensrsDomain> opensrs, const Domain* document,
                 const Policy* base, const SpamLevels& levels) {
  Domain domain;
  if (document != nullptr) {
    domain = *document;
  } else {
    domain.name = opensrs->name;
    domain.sender_verify = false;
  }
  // Never less strict than the domain document: it may say DELETED.
  if (opensrs->disabled &&
      (domain.status == DomainStatus::enabled || domain.status == DomainStatus::pending)) {
    domain.status = DomainStatus::disabled;
  }
  for (const std::string& alias : opensrs->aliases) {
    const bool known =
        std::find(domain.aliases.begin(), domain.aliases.end(), alias) != domain.aliases.end();
    if (!known && alias != domain.name) domain.aliases.push_back(alias);
  }
  if (document == nullptr) {
    domain.policy = std::make_shared<const Policy>(policy_of(*opensrs, nullptr, levels));
    domain.policy_source = opensrs->source();
  } else {
    // A domain document without rules, or whose policyId leads nowhere, stays without: nobody knows
    // what it was to mean.
    const Policy* rules = domain.policy ? domain.policy.get() : base;
    if (rules != nullptr && changes_rules(*opensrs)) {
      const std::string from =
          domain.policy_id ? "policy:" + *domain.policy_id : "domain:" + domain.name;
      domain.policy = std::make_shared<const Policy>(policy_of(*opensrs, rules, levels));
      domain.policy_id.reset();
      domain.policy_source = from + " under " + opensrs->source();
    }
  }
  domain.opensrs = std::move(opensrs);
  return domain;
}

}  // namespace postern::policy
