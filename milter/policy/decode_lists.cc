// The documents that are lists: rules about senders, attachments and URIs, and mail groups.
#include <unordered_set>

#include "base/text.h"
#include "mail/address.h"
#include "mail/domain_name.h"
#include "policy/decode_parts.h"

namespace postern::policy {
namespace {

constexpr std::size_t kMaxDescription = 4'096;
constexpr std::size_t kMaxPriority = 1'000'000'000;

std::string description_in(const ObjectReader& object) {
  return object.text("description", kMaxDescription).value_or("");
}

std::optional<std::string> owner_form(std::string_view text) {
  text = trim(text);
  if (text.find('@') == std::string_view::npos) return mail::to_a_label(text);
  const auto address = mail::Address::parse(text);
  if (!address) return std::nullopt;
  return address->key();
}

// A rule of another owner in this list would be one customer's rule in another's place.
void check_owner(const ObjectReader& object, const std::string& owner) {
  const auto given = object.text("owner", kMaxAddressSize);
  if (!given) return;
  if (owner_form(*given) == owner) return;
  object.note("owner", "\"" + printable(*given, 80) + "\" does not fit the key wblist:" + owner);
}

SenderRule read_sender_rule(const ObjectReader& object, const std::string& owner) {
  SenderRule rule;
  rule.id = object.id("id").value_or("");
  check_owner(object, owner);
  object.required_text("type", 64);
  rule.type = object.choice("type", kSenderRuleTypes, SenderRuleType::block);
  auto value = sender_rule_value(object.required_text("value", kMaxAddressSize));
  if (!value) object.wrong("value", "a mail address or a domain name");
  rule.value = value.value_or("");
  rule.expire_at = object.time("expireAt");
  if (object.value("spfOn") != nullptr) rule.spf_on = object.flag("spfOn", true);
  description_in(object);
  return rule;
}

AttachmentRule read_attachment_rule(const ObjectReader& object) {
  AttachmentRule rule;
  rule.id = object.id("id").value_or("");
  object.required_text("action", 64);
  rule.action = object.choice("action", kAttachmentActions, AttachmentAction::deny);
  object.required_text("checkType", 64);
  rule.check = object.choice("checkType", kAttachmentChecks, AttachmentCheck::filename);
  rule.filter = object.required_text("filter", kMaxAttachmentFilter);
  rule.priority = object.whole_number("priority", -std::int64_t{kMaxPriority}, kMaxPriority);
  rule.description = description_in(object);
  return rule;
}

UriRule read_uri_rule(const ObjectReader& object) {
  UriRule rule;
  rule.id = object.id("id").value_or("");
  object.required_text("action", 64);
  rule.action = object.choice("action", kUriActions, UriAction::skip);
  const std::string filter = object.required_text("filter", kMaxAddressSize);
  std::string_view host = trim(filter);
  rule.exclusion = host.starts_with('!');
  if (rule.exclusion) host.remove_prefix(1);
  rule.host = uri_host(host);
  if (rule.host.empty()) object.wrong("filter", "a host name or an IP address");
  object.whole_number("priority", -std::int64_t{kMaxPriority}, kMaxPriority);
  rule.description = description_in(object);
  return rule;
}

std::optional<mail::Address> read_address(const ObjectReader& object, std::string_view member) {
  auto address = mail::Address::parse(trim(object.required_text(member, kMaxAddressSize)));
  if (!address) object.wrong(member, "a mail address");
  return address;
}

Group read_group(const ObjectReader& object, const std::string& domain) {
  Group group;
  group.id = object.id("id").value_or("");
  if (const auto address = read_address(object, "email")) {
    group.email = address->key();
    if (address->domain() != domain) {
      object.note("email",
                  "\"" + printable(group.email, 80) + "\" does not fit the key groups:" + domain);
    }
  }
  const Json::Array* members = object.array("recipients");
  if (members == nullptr) return group;
  for (std::size_t i = 0; i < members->size(); ++i) {
    const ObjectReader member(
        (*members)[i], object.pointer_to("recipients") + "/" + std::to_string(i), object.faults());
    const MemberType type = member.choice("type", kMemberTypes, MemberType::user);
    if (const auto address = read_address(member, "email")) {
      group.members.push_back({*address, type});
    }
  }
  return group;
}

}  // namespace

SenderRules read_sender_rules(const Json& tree, const std::string& owner, Faults& faults) {
  std::vector<SenderRule> rules;
  for_each_object(tree, faults, [&](const ObjectReader& object) {
    rules.push_back(read_sender_rule(object, owner));
  });
  return {owner, std::move(rules)};
}

AttachmentRules read_attachment_rules(const Json& tree, const DocumentKey& key, Faults& faults) {
  std::vector<AttachmentRule> rules;
  for_each_object(tree, faults, [&](const ObjectReader& object) {
    if (rules.size() == kMaxAttachmentRules) {
      faults.note("the document: more than " + std::to_string(kMaxAttachmentRules) + " rules");
      return;
    }
    rules.push_back(read_attachment_rule(object));
  });
  return {key.to_string(), std::move(rules)};
}

UriRules read_uri_rules(const Json& tree, const DocumentKey& key, Faults& faults) {
  std::vector<UriRule> rules;
  for_each_object(tree, faults,
                  [&](const ObjectReader& object) { rules.push_back(read_uri_rule(object)); });
  return {key.to_string(), std::move(rules)};
}

Groups read_groups(const Json& tree, const std::string& domain, Faults& faults) {
  std::vector<Group> groups;
  std::unordered_set<std::string> known;
  for_each_object(tree, faults, [&](const ObjectReader& object) {
    Group group = read_group(object, domain);
    if (!group.email.empty() && !known.insert(group.email).second) {
      object.note("email", "\"" + printable(group.email, 80) + "\" is there twice");
    }
    groups.push_back(std::move(group));
  });
  return {domain, std::move(groups)};
}

}  // namespace postern::policy
