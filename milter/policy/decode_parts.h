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
using DecodedValue = std::variant<Domain, User, Policy, Platform, DkimKeys, Opaque>;

Result<DecodedValue> decode_value(const DocumentKey& key, std::string_view json,
                                  const DecodeOptions& options);
Result<DecodedValue> decode_tree(const DocumentKey& key, const Json& tree,
                                 const DecodeOptions& options);

Policy read_policy(const ObjectReader& object);
Platform read_platform(const ObjectReader& object);
Domain read_domain(const ObjectReader& object, const DecodeOptions& options);
User read_user(const ObjectReader& object);
DkimKeys read_dkim_keys(const Json& tree, const std::string& domain, Faults& faults);

// The nested object wins over the id; a member of the wrong type is a fault all the same.
std::shared_ptr<const Policy> read_nested_policy(const ObjectReader& owner);
std::optional<Id> read_id_unless(bool nested, const ObjectReader& owner, std::string_view member);

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
inline constexpr EnumNames<DkimState, 3> kDkimStates = {{{"active", DkimState::active},
                                                         {"published", DkimState::published},
                                                         {"retiring", DkimState::retiring}}};

}  // namespace postern::policy
