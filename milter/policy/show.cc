// Writes decoded documents back in the admin API's own member names, over the text they came from,
// so that a person sees what is in force and still finds what Postern does not read.
#include "base/clock.h"
#include "policy/decode_parts.h"
#include "policy/secret_members.h"

namespace postern::policy {
namespace {

using Members = Json::Object;

Json text(std::string_view value) { return Json{std::string(value)}; }
Json number(std::int64_t value) { return Json{value}; }
Json score(MilliScore value) { return Json{static_cast<double>(value) / 1000}; }
Json object(Members members) { return Json{std::move(members)}; }
Json nothing() { return Json{nullptr}; }

Json time_or_null(const std::optional<std::chrono::system_clock::time_point>& time) {
  return time ? text(to_rfc3339(*time)) : nothing();
}

template <typename E, std::size_t N>
Json named(E value, const EnumNames<E, N>& names) {
  return text(name_of(value, names));
}

Json id_or_null(const std::optional<Id>& id) { return id ? text(*id) : nothing(); }

template <typename T, typename Show>
Json list(const std::vector<T>& values, Show&& show) {
  Json::Array elements;
  for (const auto& value : values) elements.push_back(show(value));
  return Json{std::move(elements)};
}

Json shown(const RelayProps& relay) {
  return object(
      {{"relaySpam", Json{relay.relay_spam}},
       {"relayAdvert", Json{relay.relay_advert}},
       {"advertPrefix", text(relay.advert_prefix)},
       {"prefixSpam", text(relay.prefix_spam)},
       {"relayBadHeaders", Json{relay.relay_bad_headers}},
       {"relayBadAttachments", Json{relay.relay_bad_attachments}},
       {"spamScoreLimit", relay.spam_score_limit ? score(*relay.spam_score_limit) : nothing()}});
}

Json shown(const QuarantineProps& kept) {
  return object({{"duration", number(kept.duration_days)},
                 {"storeSpam", Json{kept.store_spam}},
                 {"storeVirus", Json{kept.store_virus}},
                 {"storeAdvert", Json{kept.store_advert}},
                 {"storeBlacklisted", Json{kept.store_blacklisted}},
                 {"storeSenderVerify", Json{kept.store_sender_verify}},
                 {"storeBadHeaders", Json{kept.store_bad_headers}},
                 {"storeBadEncoding", Json{kept.store_bad_encoding}},
                 {"storeBadAttachments", Json{kept.store_bad_attachments}}});
}

Json shown(const RetentionProps& kept) {
  return object({{"duration", number(kept.duration_days)},
                 {"storeMailOut", Json{kept.store_mail_out}},
                 {"storeCleanMailIn", Json{kept.store_clean_mail_in}}});
}

Json shown(const ArchiveProps& kept) {
  return object({{"duration", number(kept.duration_months)},
                 {"archiveByCopy", Json{kept.archive_by_copy}},
                 {"storeMailOut", Json{kept.store_mail_out}},
                 {"storeCleanMailIn", Json{kept.store_clean_mail_in}},
                 {"storeSpam", Json{kept.store_spam}},
                 {"storeBadHeaders", Json{kept.store_bad_headers}},
                 {"storeBadEncoding", Json{kept.store_bad_encoding}},
                 {"storeBadAttachments", Json{kept.store_bad_attachments}},
                 {"storeAdvert", Json{kept.store_advert}},
                 {"storeBlacklisted", Json{kept.store_blacklisted}},
                 {"storeSenderVerify", Json{kept.store_sender_verify}}});
}

Json shown(const Policy& policy) {
  static constexpr std::uint64_t kMebibyte = std::uint64_t{1024} * 1024;
  const auto limit = policy.mail_size_limit;
  // A switch that is off leaves nothing of its props in force: null, as the API itself writes it.
  Members members = {
      {"id", text(policy.id)},
      {"name", text(policy.name)},
      {"domainId", text(policy.domain_id)},
      {"quarantine", Json{policy.quarantine}},
      {"retention", Json{policy.retention}},
      {"archive", Json{policy.archive}},
      {"mailSizeLimit", limit ? number(static_cast<std::int64_t>(*limit / kMebibyte)) : nothing()},
      {"spamScore", score(policy.spam_score)},
      {"incoming", Json{policy.incoming}},
      {"relayProps", shown(policy.relay)},
      {"quarantineProps", policy.quarantine ? shown(policy.quarantine_props) : nothing()},
      {"retentionProps", policy.retention ? shown(policy.retention_props) : nothing()},
      {"archiveProps", policy.archive ? shown(policy.archive_props) : nothing()},
      {"outgoing", Json{policy.outgoing}}};
  if (policy.missing_key)
    members.push_back({"missingKey", named(*policy.missing_key, kMissingKeys)});
  return object(std::move(members));
}

Json shown(const Identity& identity) {
  return object({{"VerificationStatus", named(identity.status, kIdentityStatuses)}});
}

Json shown(const MailFrom& mail_from) {
  return object({{"mailFromDomain", mail_from.domain.empty() ? nothing() : text(mail_from.domain)},
                 {"mailFromDomainStatus", named(mail_from.status, kMailFromStatuses)},
                 {"behaviorOnMxFailure", named(mail_from.on_mx_failure, kOnMxFailures)}});
}

Json shown(const Platform& platform) {
  const auto& fallback = platform.fallback;
  return object(
      {{"id", text(platform.id)},
       {"name", text(platform.name)},
       {"transportDest", text(platform.primary.host)},
       {"transportType", named(platform.primary.type, kTransportTypes)},
       {"transportPort", number(platform.primary.port)},
       {"fallbackTransportDest", fallback ? text(fallback->host) : nothing()},
       {"fallbackTransportType", fallback ? named(fallback->type, kTransportTypes) : nothing()},
       {"fallbackTransportPort", fallback ? number(fallback->port) : nothing()},
       {"default", Json{platform.is_default}}});
}

Json shown(const OutgoingProvider& provider) {
  return object({{"id", text(provider.id)},
                 {"name", text(provider.name)},
                 {"spfProvider", text(provider.spf_provider)},
                 {"active", Json{provider.active}}});
}

Json shown(const Domain& domain) {
  Members members = {
      {"id", text(domain.id)},
      {"name", text(domain.name)},
      {"status", named(domain.status, kDomainStatuses)},
      {"wblistPriority", named(domain.list_priority, kListPriorities)},
      {"enforcement", named(domain.enforcement, kEnforcements)},
      {"autoProvisioningOn", Json{domain.auto_provisioning}},
      {"senderVerifyOn", Json{domain.sender_verify}},
      {"recipientsKnown", Json{domain.recipients_known}},
      {"policy", domain.policy ? shown(*domain.policy) : nothing()},
      {"policyId", id_or_null(domain.policy_id)},
      {"domainAliases", list(domain.aliases,
                             [](const std::string& alias) {
                               return object({{"name", text(alias)}});
                             })},
      {"platforms", list(domain.platforms, [](const auto& platform) { return shown(*platform); })},
      {"platformId", id_or_null(domain.platform_id)},
      {"outgoingSubnets", list(domain.outgoing_subnets,
                               [](const IpNetwork& network) { return text(network.to_string()); })},
      {"outgoingProviders",
       list(domain.outgoing_providers, [](const OutgoingProvider& one) { return shown(one); })},
      {"deletionDate", time_or_null(domain.deletion_date)},
      {"purgeDate", time_or_null(domain.purge_date)}};
  if (!domain.subnet_faults.empty()) {
    members.push_back({"outgoingSubnetsLeftOut",
                       list(domain.subnet_faults, [](const auto& fault) { return text(fault); })});
  }
  return object(std::move(members));
}

Json shown(const User& user) {
  return object({{"id", text(user.id)},
                 {"email", text(user.email)},
                 {"status", named(user.status, kUserStatuses)},
                 {"domainStatus", named(user.domain_status, kDomainStatuses)},
                 {"senderVerifyOn", Json{user.sender_verify}},
                 {"policy", user.policy ? shown(*user.policy) : nothing()},
                 {"policyId", id_or_null(user.policy_id)},
                 {"platform", user.platform ? shown(*user.platform) : nothing()},
                 {"platformId", id_or_null(user.platform_id)}});
}

Json shown(const DkimKey& key) {
  return object({{"selector", text(key.selector)},
                 {"algorithm", named(key.algorithm, kDkimAlgorithms)},
                 {"state", named(key.state, kDkimStates)},
                 {"bits", number(key.bits)},
                 {"privateKey", text(kRedacted)},
                 {"publicKey", text(key.public_key)}});
}

// An address whose one form cannot be written plainly ("*"@got.com) stays as it is written.
void show_address(Members& members, std::string_view name, const std::string& key) {
  const auto again = mail::Address::parse(key);
  if (again && again->key() == key) members.push_back({std::string(name), text(key)});
}

Json shown(const SenderRule& rule) {
  Members members;
  if (sender_rule_value(rule.value) == rule.value) members.push_back({"value", text(rule.value)});
  members.push_back({"type", named(rule.type, kSenderRuleTypes)});
  members.push_back({"expireAt", time_or_null(rule.expire_at)});
  const bool allows = rule.type == SenderRuleType::allow;
  members.push_back({"spfOn", allows ? Json{rule.wants_authentication()} : nothing()});
  return object(std::move(members));
}

Json shown(const AttachmentRule& rule) {
  return object({{"action", named(rule.action, kAttachmentActions)},
                 {"checkType", named(rule.check, kAttachmentChecks)},
                 {"filter", text(rule.filter)},
                 {"priority", rule.priority ? number(*rule.priority) : nothing()}});
}

Json shown(const UriRule& rule) {
  return object({{"action", named(rule.action, kUriActions)}, {"filter", text(rule.filter())}});
}

Json shown(const GroupMember& member) {
  Members members = {{"type", named(member.type, kMemberTypes)}};
  show_address(members, "email", member.address.key());
  return object(std::move(members));
}

Json shown(const Group& group) {
  Members members = {
      {"recipients", list(group.members, [](const auto& one) { return shown(one); })}};
  show_address(members, "email", group.email);
  return object(std::move(members));
}

Json shown_attributes(const OpensrsDomain& domain) {
  Members members = {
      {"aliases", list(domain.aliases, [](const auto& one) { return text(one); })},
      {"disabled", Json{domain.disabled}},
      {"spamfolder", text(domain.spam_folder)},
      {"service_smtpin", named(domain.smtp_in, kServiceStates)},
      {"service_smtprelay", named(domain.smtp_relay, kServiceStates)},
      {"service_smtprelay_webmail", named(domain.smtp_relay_webmail, kServiceStates)},
      {"smtp_sent_limit", domain.sent_limit ? number(*domain.sent_limit) : nothing()}};
  if (domain.filter_delivery) {
    members.push_back({"filterdelivery", named(*domain.filter_delivery, kFilterDeliveries)});
  }
  if (domain.spam_level) members.push_back({"spamlevel", named(*domain.spam_level, kSpamLevels)});
  if (domain.dkim) {
    members.push_back({"dkim_key", text(kRedacted)});
    members.push_back({"dkim_public_key", text(domain.dkim->keys.front().public_key)});
  }
  if (!domain.faults.empty()) {
    members.push_back({"leftOut", list(domain.faults, [](const auto& one) { return text(one); })});
  }
  return object(std::move(members));
}

Json shown(const Smarthost& smarthost) {
  Members members = {{"instanceID", text(smarthost.instance_id)},
                     {"hostname", text(smarthost.host)},
                     {"portNumber", number(smarthost.port)},
                     {"secureConnection", named(smarthost.security, kSmarthostSecurities)},
                     {"authenticationEnabled", Json{smarthost.authenticates}},
                     {"userId", text(smarthost.user)},
                     {"senderAddress", text(smarthost.sender)}};
  if (!smarthost.faults.empty()) {
    members.push_back(
        {"leftOut", list(smarthost.faults, [](const auto& one) { return text(one); })});
  }
  return object(std::move(members));
}

// What is understood replaces what was written; what nobody read stays. Lists keep their order
// while decoding, so that of equally long ones the elements belong together.
void lay_over(Json& written, const Json& understood) {
  const auto* members = std::get_if<Json::Object>(&understood.value);
  if (members != nullptr && std::holds_alternative<Json::Object>(written.value)) {
    for (const auto& [name, value] : *members) {
      if (Json* known = written.find(name)) {
        lay_over(*known, value);
      } else {
        written.set(name, value);
      }
    }
    return;
  }
  const auto* elements = std::get_if<Json::Array>(&understood.value);
  auto* before = std::get_if<Json::Array>(&written.value);
  if (elements != nullptr && before != nullptr && before->size() == elements->size()) {
    for (std::size_t i = 0; i < elements->size(); ++i) lay_over((*before)[i], (*elements)[i]);
    return;
  }
  written = understood;
}

Json shown_value(const DecodedValue& value, const Json& written) {
  return std::visit(Overloaded{
                        [&written](const DkimKeys& keys) -> Json {
                          if (std::holds_alternative<Json::Object>(written.value))
                            return shown(keys.keys.front());
                          return list(keys.keys, [](const DkimKey& key) { return shown(key); });
                        },
                        [](const SenderRules& rules) -> Json {
                          return list(rules.rules(), [](const auto& rule) { return shown(rule); });
                        },
                        [](const AttachmentRules& rules) -> Json {
                          return list(rules.rules(), [](const auto& rule) { return shown(rule); });
                        },
                        [](const UriRules& rules) -> Json {
                          return list(rules.rules(), [](const auto& rule) { return shown(rule); });
                        },
                        [](const Groups& groups) -> Json {
                          return list(groups.groups(), [](const auto& one) { return shown(one); });
                        },
                        [&written](const OpensrsDomain& domain) -> Json {
                          Json attributes = shown_attributes(domain);
                          if (written.find("attributes") == nullptr) return attributes;
                          return object({{"attributes", std::move(attributes)}});
                        },
                        [](const auto& document) -> Json { return shown(document); },
                    },
                    value);
}

}  // namespace

Result<std::string> show_as_understood(const DocumentKey& key, std::string_view json,
                                       const DecodeOptions& options) {
  Result<Json> tree = parse_json(json);
  if (!tree) return tree.error();
  const Result<DecodedValue> value = decode_tree(key, *tree, options);
  if (!value) {
    if (may_hold_private_keys(key.type)) wipe_texts(*tree);
    return value.error();
  }
  if (key.type == DocumentType::opensrs) strip_blanks_from_names(*tree);
  lay_over(*tree, shown_value(*value, *tree));
  redact(*tree);
  return dump_json(*tree);
}

}  // namespace postern::policy
