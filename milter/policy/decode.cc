#include "policy/decode.h"

#include "base/text.h"
#include "policy/decode_parts.h"

namespace postern::policy {
namespace {

// A document under another's key would put one customer's rules in another's place.
void must_fit(const DocumentKey& key, const std::string& given, std::string_view member,
              Faults& faults) {
  if (given == key.name) return;
  faults.note("/" + std::string(member) + ": \"" + printable(given, 80) +
              "\" does not fit the key " + key.to_string());
}

// Policies and platforms may leave out their id, as the forms that create them do.
void take_id(const DocumentKey& key, Id& id, Faults& faults) {
  if (id.empty()) id = key.name;
  must_fit(key, id, "id", faults);
}

DecodedValue read(const DocumentKey& key, const Json& tree, const DecodeOptions& options,
                  Faults& faults) {
  switch (key.type) {
    case DocumentType::domain: {
      Domain domain = read_domain(ObjectReader(tree, "", faults), options);
      must_fit(key, domain.name, "name", faults);
      return domain;
    }
    case DocumentType::user: {
      User user = read_user(ObjectReader(tree, "", faults));
      must_fit(key, user.email, "email", faults);
      return user;
    }
    case DocumentType::policy: {
      Policy policy = read_policy(ObjectReader(tree, "", faults));
      take_id(key, policy.id, faults);
      return policy;
    }
    case DocumentType::platform: {
      Platform platform = read_platform(ObjectReader(tree, "", faults));
      take_id(key, platform.id, faults);
      return platform;
    }
    case DocumentType::dkim:
      return read_dkim_keys(tree, key.name, options, faults);
    case DocumentType::wblist:
      return read_sender_rules(tree, key.name, faults);
    case DocumentType::attachments:
      return read_attachment_rules(tree, key, faults);
    case DocumentType::uris:
      return read_uri_rules(tree, key, faults);
    case DocumentType::groups:
      return read_groups(tree, key.name, faults);
    case DocumentType::opensrs:
      return read_opensrs(tree, key.name, options, faults);
    case DocumentType::identity:
      return read_identity(ObjectReader(tree, "", faults), key.name);
    case DocumentType::mailfrom:
      return read_mailfrom(ObjectReader(tree, "", faults), key.name);
    case DocumentType::smarthost:
      return read_smarthost(ObjectReader(tree, "", faults), key.name, options);
  }
  return Domain{};
}

}  // namespace

Result<DecodedValue> decode_tree(const DocumentKey& key, const Json& tree,
                                 const DecodeOptions& options) {
  Faults faults;
  DecodedValue value = read(key, tree, options, faults);
  if (auto fault = faults.first()) return std::move(*fault);
  return value;
}

Result<DecodedValue> decode_value(const DocumentKey& key, std::string_view json,
                                  const DecodeOptions& options) {
  Result<Json> tree = parse_json(json);
  if (!tree) return tree.error();
  Result<DecodedValue> value = decode_tree(key, *tree, options);
  if (may_hold_private_keys(key.type)) wipe_texts(*tree);
  return value;
}

bool may_hold_private_keys(DocumentType type) {
  return type == DocumentType::dkim || type == DocumentType::opensrs ||
         type == DocumentType::smarthost;
}

std::vector<std::string> rule_faults_of(const DecodedValue& value) {
  if (const auto* rules = std::get_if<AttachmentRules>(&value)) return rules->rule_faults();
  if (const auto* opensrs = std::get_if<OpensrsDomain>(&value)) return opensrs->faults;
  if (const auto* smarthost = std::get_if<Smarthost>(&value)) return smarthost->faults;
  return {};
}

std::vector<DocumentFault> faults_of(const DocumentKey& key, std::string_view json,
                                     const DecodeOptions& options) {
  Result<Json> tree = parse_json(json);
  if (!tree) return {fault_from(tree.error().what)};
  Faults faults;
  const DecodedValue value = read(key, *tree, options, faults);
  if (may_hold_private_keys(key.type)) wipe_texts(*tree);
  std::vector<DocumentFault> found = faults.take();
  for (const std::string& left_out : rule_faults_of(value)) found.push_back(fault_from(left_out));
  return found;
}

std::set<std::string> members_read(const DocumentKey& key, std::string_view json,
                                   const DecodeOptions& options) {
  std::set<std::string> members;
  Result<Json> tree = parse_json(json);
  if (!tree) return members;
  Faults faults;
  faults.note_members_in(members);
  (void)read(key, *tree, options, faults);
  if (may_hold_private_keys(key.type)) wipe_texts(*tree);
  return members;
}

Result<Document> decode(const DocumentKey& key, std::string_view json,
                        const DecodeOptions& options) {
  Result<DecodedValue> decoded = decode_value(key, json, options);
  if (!decoded) return decoded.error();
  return std::visit(
      Overloaded{
          [](auto& document) -> Document {
            using T = std::remove_reference_t<decltype(document)>;
            return std::make_shared<const T>(std::move(document));
          },
      },
      *decoded);
}

}  // namespace postern::policy
