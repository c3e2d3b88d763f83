#include "policy/sender_rules.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "mail/domain_name.h"

namespace postern::policy {

std::string_view to_string(SenderRuleType type) {
  switch (type) {
    case SenderRuleType::allow:
      return "ALLOW";
    case SenderRuleType::block:
      return "BLOCK";
    case SenderRuleType::protect:
      return "PROTECTED";
  }
  return "";
}

std::optional<std::string> sender_rule_value(std::string_view text) {
  text = trim(text);
  if (text.starts_with("*@")) text.remove_prefix(1);
  if (!text.starts_with('@') && text.find('@') != std::string_view::npos) {
    const auto address = mail::Address::parse(text);
    if (!address) return std::nullopt;
    return address->key();
  }
  if (text.starts_with('@')) text.remove_prefix(1);
  if (text.starts_with("*.")) text.remove_prefix(1);
  const bool below = text.starts_with('.');
  if (below) text.remove_prefix(1);
  const auto domain = mail::to_a_label(text);
  if (!domain) return std::nullopt;
  return (below ? "." : "") + *domain;
}

SenderRules::SenderRules(std::string owner, std::vector<SenderRule> rules)
    : owner_(std::move(owner)), rules_(std::move(rules)), by_value_(rules_.size()) {
  std::iota(by_value_.begin(), by_value_.end(), 0U);
  std::stable_sort(by_value_.begin(), by_value_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return rules_[a].value < rules_[b].value;
  });
  for (const SenderRule& rule : rules_) {
    OfType& same = of_type_.at(static_cast<std::size_t>(rule.type));
    const auto until = rule.expire_at.value_or(std::chrono::system_clock::time_point::max());
    same.any = true;
    same.until = std::max(same.until, until);
    if (rule.names_an_address()) same.addresses_until = std::max(same.addresses_until, until);
  }
  index_.reserve(rules_.size());
  for (std::uint32_t at = 0; at < by_value_.size(); ++at) {
    Run& run = index_.try_emplace(rules_[by_value_[at]].value, Run{at, 0}).first->second;
    ++run.count;
  }
}

void SenderRules::visit_run(const std::string& value,
                            const std::function<void(const SenderRule&)>& visit) const {
  const auto found = index_.find(value);
  if (found == index_.end()) return;
  const Run run = found->second;
  for (std::uint32_t at = run.first; at < run.first + run.count; ++at) visit(rules_[by_value_[at]]);
}

void SenderRules::for_each_match(const mail::Address& address,
                                 const std::function<void(const SenderRule&)>& visit) const {
  if (rules_.empty()) return;
  visit_run(address.key(), visit);
  const std::string& domain = address.domain();
  visit_run(domain, visit);
  for (std::size_t dot = domain.find('.'); dot != std::string::npos;
       dot = domain.find('.', dot + 1)) {
    visit_run(domain.substr(dot), visit);
  }
}

}  // namespace postern::policy
