// Purpose:   what the decoders of this room share among themselves: one function per document type.
// Threading: pure functions.
// Failure:   a wrong member is noted in the reader's Faults, and the value is not to be used then.
#pragma once

#include <string_view>
#include <variant>

#include "base/result.h"
#include "policy/decode.h"
#include "policy/json_reader.h"

namespace postern::policy {

// As Document, but by value, so that the snapshot can share the nested parts before it seals them.
using DecodedValue =
    std::variant<Domain, User, Policy, Platform, DkimKeys, SenderRules, AttachmentRules, UriRules,
                 Groups, OpensrsDomain, Smarthost, Identity, MailFrom>;

Result<DecodedValue> decode_value(const DocumentKey& key, std::string_view json,
                                  const DecodeOptions& options);
Result<DecodedValue> decode_tree(const DocumentKey& key, const Json& tree,
                                 const DecodeOptions& options);

Policy read_policy(const ObjectReader& object);
Platform read_platform(const ObjectReader& object);
Domain read_domain(const ObjectReader& object, const DecodeOptions& options);
User read_user(const ObjectReader& object);
DkimKeys read_dkim_keys(const Json& tree, const std::string& domain, const DecodeOptions& options,
                        Faults& faults);
SenderRules read_sender_rules(const Json& tree, const std::string& owner, Faults& faults);
AttachmentRules read_attachment_rules(const Json& tree, const DocumentKey& key, Faults& faults);
UriRules read_uri_rules(const Json& tree, const DocumentKey& key, Faults& faults);
Smarthost read_smarthost(const ObjectReader& object, const std::string& id,
                         const DecodeOptions& options);
Groups read_groups(const Json& tree, const std::string& domain, Faults& faults);
OpensrsDomain read_opensrs(const Json& tree, const std::string& domain,
                           const DecodeOptions& options, Faults& faults);
Identity read_identity(const ObjectReader& object, const std::string& name);
MailFrom read_mailfrom(const ObjectReader& object, const std::string& name);

// A secret member that may be sealed, as it would stand there otherwise; empty: absent.
struct SealableText {
  Secret text;
  bool left_sealed = false;  // options.sealed_may_stay
};
SealableText read_sealable(const ObjectReader& object, std::string_view member,
                           std::size_t max_size, const DecodeOptions& options);

// A selector that can stand in DNS below the domain.
std::string read_selector(const ObjectReader& object, std::string_view member,
                          const std::string& domain);
// "bulist.com:26": where mail goes, or a fault at `member`.
std::string read_host(const ObjectReader& object, std::string_view member, std::string_view text);

// Documents that hold a private key, whose texts are overwritten once they are read.
bool may_hold_private_keys(DocumentType type);
// What was left out of a document that is in force otherwise; none in most types.
std::vector<std::string> rule_faults_of(const DecodedValue& value);
// As the document is written, and as it is read: "service_ smtprelay" is "service_smtprelay".
void strip_blanks_from_names(Json& tree);

// The nested object wins over the id; a member of the wrong type is a fault all the same.
std::shared_ptr<const Policy> read_nested_policy(const ObjectReader& owner);
std::optional<Id> read_id_unless(bool nested, const ObjectReader& owner, std::string_view member);

// Calls use(reader, index) for each element of a document that is an array of objects.
template <typename Use>
void for_each_object(const Json& tree, Faults& faults, Use&& use) {
  const auto* elements = std::get_if<Json::Array>(&tree.value);
  if (elements == nullptr) {
    faults.note("the document: expected an array, found " + description_of(tree, ""));
    return;
  }
  for (std::size_t i = 0; i < elements->size() && !faults.is_full(); ++i) {
    use(ObjectReader((*elements)[i], "/" + std::to_string(i), faults));
  }
}

inline constexpr std::size_t kMaxLabelSize = 1024;   // names and prefixes, for people
inline constexpr std::size_t kMaxAddressSize = 512;  // before it is parsed

inline constexpr EnumNames<TransportType, 3> kTransportTypes = {
    {{"SMTP", TransportType::smtp},
     {"SMTPS_MAY", TransportType::smtps_may},
     {"SMTPS_ENCRYPT", TransportType::smtps_encrypt}}};
inline constexpr EnumNames<DomainStatus, 4> kDomainStatuses = {
    {{"ENABLED", DomainStatus::enabled},
     {"DISABLED", DomainStatus::disabled},
     {"PENDING", DomainStatus::pending},
     {"DELETED", DomainStatus::deleted}}};
inline constexpr EnumNames<UserStatus, 3> kUserStatuses = {{{"ENABLED", UserStatus::enabled},
                                                            {"DISABLED", UserStatus::disabled},
                                                            {"PENDING", UserStatus::pending}}};
inline constexpr EnumNames<ListPriority, 2> kListPriorities = {
    {{"DOMAIN", ListPriority::domain}, {"USER", ListPriority::user}}};
inline constexpr EnumNames<Enforcement, 2> kEnforcements = {
    {{"enforce", Enforcement::enforce}, {"observe", Enforcement::observe}}};
inline constexpr EnumNames<DkimAlgorithm, 2> kDkimAlgorithms = {
    {{"rsa", DkimAlgorithm::rsa}, {"ed25519", DkimAlgorithm::ed25519}}};
// SSL is what older versions of the product call it.
inline constexpr EnumNames<SmarthostSecurity, 4> kSmarthostSecurities = {
    {{"Plain", SmarthostSecurity::plain},
     {"TLS", SmarthostSecurity::tls},
     {"STARTTLS", SmarthostSecurity::starttls},
     {"SSL", SmarthostSecurity::tls}}};
inline constexpr EnumNames<MissingKey, 2> kMissingKeys = {
    {{"accept", MissingKey::accept}, {"defer", MissingKey::defer}}};
inline constexpr EnumNames<DkimState, 3> kDkimStates = {{{"active", DkimState::active},
                                                         {"published", DkimState::published},
                                                         {"retiring", DkimState::retiring}}};
inline constexpr EnumNames<SenderRuleType, 3> kSenderRuleTypes = {
    {{"ALLOW", SenderRuleType::allow},
     {"BLOCK", SenderRuleType::block},
     {"PROTECTED", SenderRuleType::protect}}};
// "delete" is an older name of a denial without a word to the sender.
inline constexpr EnumNames<AttachmentAction, 3> kAttachmentActions = {
    {{"allow", AttachmentAction::allow},
     {"deny", AttachmentAction::deny},
     {"delete", AttachmentAction::deny}}};
inline constexpr EnumNames<AttachmentCheck, 4> kAttachmentChecks = {
    {{"filename", AttachmentCheck::filename},
     {"contenttype", AttachmentCheck::content_type},
     {"archive-filename", AttachmentCheck::archive_filename},
     {"archive-contenttype", AttachmentCheck::archive_content_type}}};
inline constexpr EnumNames<UriAction, 3> kUriActions = {{{"uridnsbl_skip_domain", UriAction::skip},
                                                         {"whitelist_uri_host", UriAction::allow},
                                                         {"blacklist_uri_host", UriAction::block}}};
inline constexpr EnumNames<MemberType, 3> kMemberTypes = {
    {{"USER", MemberType::user},
     {"EXTERNAL_ADDRESS", MemberType::external},
     {"ALIAS", MemberType::alias}}};
inline constexpr EnumNames<FilterDelivery, 2> kFilterDeliveries = {
    {{"quarantine", FilterDelivery::quarantine}, {"passthrough", FilterDelivery::passthrough}}};
inline constexpr EnumNames<SpamLevel, 4> kSpamLevels = {{{"Normal", SpamLevel::normal},
                                                         {"High", SpamLevel::high},
                                                         {"Very High", SpamLevel::very_high},
                                                         {"Very_High", SpamLevel::very_high}}};
// Each service has a spelling of its own; the first is the one that is shown.
inline constexpr EnumNames<IdentityStatus, 7> kIdentityStatuses = {
    {{"Success", IdentityStatus::success},
     {"Pending", IdentityStatus::pending},
     {"NotStarted", IdentityStatus::not_started},
     {"NOT_STARTED", IdentityStatus::not_started},
     {"Failed", IdentityStatus::failed},
     {"TemporaryFailure", IdentityStatus::temporary_failure},
     {"TEMPORARY_FAILURE", IdentityStatus::temporary_failure}}};
inline constexpr EnumNames<MailFromStatus, 7> kMailFromStatuses = {
    {{"SUCCESS", MailFromStatus::success},
     {"PENDING", MailFromStatus::pending},
     {"NOT_STARTED", MailFromStatus::not_started},
     {"NotStarted", MailFromStatus::not_started},
     {"FAILED", MailFromStatus::failed},
     {"TEMPORARY_FAILURE", MailFromStatus::temporary_failure},
     {"TemporaryFailure", MailFromStatus::temporary_failure}}};
inline constexpr EnumNames<OnMxFailure, 2> kOnMxFailures = {
    {{"USE_DEFAULT_VALUE", OnMxFailure::use_default}, {"REJECT_MESSAGE", OnMxFailure::reject}}};
inline constexpr EnumNames<ServiceState, 3> kServiceStates = {
    {{"enabled", ServiceState::enabled},
     {"disabled", ServiceState::disabled},
     {"suspended", ServiceState::suspended}}};

}  // namespace postern::policy
