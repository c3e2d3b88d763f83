#include "policy/uri_rules.h"

#include "base/ip.h"
#include "base/text.h"
#include "mail/domain_name.h"

namespace postern::policy {

std::string_view to_string(UriAction action) {
  switch (action) {
    case UriAction::skip:
      return "uridnsbl_skip_domain";
    case UriAction::allow:
      return "whitelist_uri_host";
    case UriAction::block:
      return "blacklist_uri_host";
  }
  return "";
}

std::string uri_host(std::string_view text) {
  text = trim(text);
  if (const auto address = IpAddress::parse(text)) return address->to_string();
  auto name = mail::to_a_label(text);
  // A bracketed literal that is no address names no host.
  return name && name->front() != '[' ? *name : "";
}

UriRules::UriRules(std::string source, std::vector<UriRule> rules)
    : source_(std::move(source)), rules_(std::move(rules)) {
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    const UriRule& rule = rules_[i];
    const auto [entry, added] =
        lists_.at(static_cast<std::size_t>(rule.action)).try_emplace(rule.host, i);
    if (!added && rule.exclusion) entry->second = i;
  }
}

bool UriRules::has(UriAction action) const {
  return !lists_.at(static_cast<std::size_t>(action)).empty();
}

const UriRule* UriRules::find(UriAction action, std::string_view host) const {
  const List& list = lists_.at(static_cast<std::size_t>(action));
  if (list.empty()) return nullptr;
  std::string name(host);
  if (const auto address = IpAddress::parse(name)) {
    const auto found = list.find(address->to_string());
    return found == list.end() ? nullptr : &rules_[found->second];
  }
  for (bool whole = true;; whole = false) {
    const auto found = list.find(name);
    // "1.192.0.2.1" is not below an address.
    if (found != list.end() && (whole || !IpAddress::parse(name))) return &rules_[found->second];
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return nullptr;
    name.erase(0, dot + 1);
  }
}

}  // namespace postern::policy
