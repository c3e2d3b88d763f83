#include <algorithm>

#include "base/text.h"
#include "policy/decode_parts.h"
#include "policy/dkim_key_material.h"

namespace postern::policy {
namespace {

constexpr std::size_t kMaxKeyText = 32UL * 1024;
constexpr std::size_t kMaxKeys = 64;
constexpr std::size_t kMaxDnsName = 253;

bool is_ldh_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::all_of(label.begin(), label.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// Nothing: the document names no public key, or one that fits.
std::optional<std::string> public_key_fault(const ObjectReader& object, const KeyMaterial& key) {
  const std::string text = object.text("publicKey", kMaxKeyText).value_or("");
  if (trim(text).empty()) return std::nullopt;
  const Result<PublicKey> given = read_public_key(text);
  if (!given) return given.error().what;
  if (given->public_key == key.public_key) return std::nullopt;
  return "the private key does not match the public key";
}

// Of a key that stays sealed only what the document says openly is known.
void take_public_half(const ObjectReader& object, DkimKey& key) {
  const std::string text = object.text("publicKey", kMaxKeyText).value_or("");
  if (trim(text).empty()) return;
  Result<PublicKey> given = read_public_key(text);
  if (!given) return object.note("publicKey", given.error().what);
  key.algorithm = object.choice("algorithm", kDkimAlgorithms, given->algorithm);
  key.public_key = std::move(given->public_key);
}

DkimKey read_key(const ObjectReader& object, const std::string& domain,
                 const DecodeOptions& options) {
  DkimKey key;
  key.selector = read_selector(object, "selector", domain);
  key.state = object.choice("state", kDkimStates, DkimState::active);
  const auto [text, left_sealed] = read_sealable(object, "privateKey", kMaxKeyText, options);
  if (left_sealed) {
    take_public_half(object, key);
    return key;
  }
  if (text.empty()) {
    object.note("privateKey", "missing");
    return key;
  }
  Result<KeyMaterial> material = read_private_key(text.reveal());
  if (!material) {
    object.note("privateKey", material.error().what);
    return key;
  }
  if (const auto fault = public_key_fault(object, *material)) object.note("publicKey", *fault);
  key.algorithm = object.choice("algorithm", kDkimAlgorithms, material->algorithm);
  if (key.algorithm != material->algorithm) {
    object.note("algorithm", "the private key is of the kind " +
                                 std::string(name_of(material->algorithm, kDkimAlgorithms)));
  }
  key.private_key_pem = std::move(material->private_key_pem);
  key.public_key = std::move(material->public_key);
  key.bits = material->bits;
  return key;
}

}  // namespace

std::string read_selector(const ObjectReader& object, std::string_view member,
                          const std::string& domain) {
  std::string selector = ascii_lower(object.required_text(member, kMaxDnsName));
  const auto labels = split(selector, '.');
  if (!std::all_of(labels.begin(), labels.end(), is_ldh_label)) {
    object.wrong(member, "labels of letters, digits and hyphens");
  }
  if ((selector + "._domainkey." + domain).size() > kMaxDnsName) {
    object.note(member, "too long for a DNS name in this domain");
  }
  return selector;
}

DkimKeys read_dkim_keys(const Json& tree, const std::string& domain, const DecodeOptions& options,
                        Faults& faults) {
  DkimKeys keys{.domain = domain, .keys = {}};
  const auto* several = std::get_if<Json::Array>(&tree.value);
  if (several == nullptr) {
    keys.keys.push_back(read_key(ObjectReader(tree, "", faults), domain, options));
    return keys;
  }
  if (several->size() > kMaxKeys) {
    faults.note("the document: more than " + std::to_string(kMaxKeys) + " keys");
    return keys;
  }
  for (std::size_t i = 0; i < several->size(); ++i) {
    const ObjectReader object((*several)[i], "/" + std::to_string(i), faults);
    DkimKey key = read_key(object, domain, options);
    // One name in DNS can only hold one of them.
    if (std::any_of(keys.keys.begin(), keys.keys.end(),
                    [&key](const DkimKey& other) { return other.selector == key.selector; })) {
      object.note("selector", "\"" + printable(key.selector, 60) + "\" is used twice");
    }
    keys.keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace postern::policy
