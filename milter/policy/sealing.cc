#include "policy/sealing.h"

#include <algorithm>
#include <vector>

#include "base/sealed_box.h"
#include "policy/decode_parts.h"
#include "policy/json_tree.h"

namespace postern::policy {
namespace {

std::string without_blanks(std::string_view name) {
  std::string plain(name);
  std::erase(plain, ' ');
  return plain;
}

void collect(Json& object, std::string_view name, std::vector<std::string*>& found) {
  auto* members = std::get_if<Json::Object>(&object.value);
  if (members == nullptr) return;
  for (JsonMember& member : *members) {
    auto* text = std::get_if<std::string>(&member.value.value);
    if (text != nullptr && without_blanks(member.name) == name) found.push_back(text);
  }
}

std::vector<std::string*> secrets_of(DocumentType type, Json& tree) {
  std::vector<std::string*> found;
  if (type == DocumentType::smarthost) {
    collect(tree, "password", found);
  } else if (type == DocumentType::opensrs) {
    auto* members = std::get_if<Json::Object>(&tree.value);
    if (members == nullptr) return found;
    collect(tree, "dkim_key", found);  // the attributes alone
    for (JsonMember& member : *members) {
      if (without_blanks(member.name) == "attributes") collect(member.value, "dkim_key", found);
    }
  } else if (auto* keys = std::get_if<Json::Array>(&tree.value)) {
    for (Json& key : *keys) collect(key, "privateKey", found);
  } else {
    collect(tree, "privateKey", found);
  }
  return found;
}

Result<std::string> seal_tree(DocumentType type, Json& tree, std::string_view public_key) {
  for (std::string* text : secrets_of(type, tree)) {
    if (text->empty() || is_sealed(*text)) continue;
    const Secret plain(std::move(*text));
    auto sealed = seal(plain.reveal(), public_key);
    if (!sealed) return sealed.error();
    *text = std::move(*sealed);
  }
  return dump_json(tree);
}

}  // namespace

bool may_be_sealed(DocumentType type) { return may_hold_private_keys(type); }

Result<std::string> seal_document(const DocumentKey& key, std::string_view json,
                                  std::string_view public_key) {
  if (!may_be_sealed(key.type)) return std::string(json);
  Result<Json> tree = parse_json(json);
  if (!tree) return tree.error();
  auto sealed = seal_tree(key.type, *tree, public_key);
  wipe_texts(*tree);
  return sealed;
}

SealableText read_sealable(const ObjectReader& object, std::string_view member,
                           std::size_t max_size, const DecodeOptions& options) {
  SealableText read{Secret(object.secret(member, max_size).value_or("")), false};
  if (!is_sealed(read.text.reveal())) return read;
  if (options.seal_keys.empty() && options.sealed_may_stay) return {Secret(), true};
  Result<Secret> opened = unseal(read.text.reveal(), options.seal_keys);
  if (!opened) {
    object.note(member, opened.error().what);
    return {};
  }
  return {std::move(*opened), false};
}

}  // namespace postern::policy
