#include "adapters/opendkim/key_record.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>

#include "adapters/opendkim/tag_list.h"
#include "base/text.h"

namespace postern::opendkim {
namespace {

using decide::DkimResult;

constexpr std::size_t kLongestRecord = 1000;  // the library's buffer holds 1,024
constexpr std::size_t kLongestText = 8192;
constexpr int kFewestBits = 1024;
constexpr std::size_t kEd25519Octets = 32;

RefusedKey refused(std::string problem) { return {DkimResult::permerror, std::move(problem)}; }

std::optional<std::vector<unsigned char>> from_base64(const std::string& text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  std::vector<unsigned char> octets(text.size() / 4 * 3);
  const int size =
      ::EVP_DecodeBlock(octets.data(), reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size()));
  ::ERR_clear_error();
  if (size < 0) return std::nullopt;
  // EVP_DecodeBlock counts the padding as octets.
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  octets.resize(static_cast<std::size_t>(size) - padding);
  return octets;
}

bool lists(const TagList& tags, std::string_view tag,
           std::initializer_list<std::string_view> wanted) {
  if (tags.find(tag) == nullptr) return true;
  const std::string value = ascii_lower(tags.word(tag));
  const auto items = split(value, ':');
  return std::any_of(items.begin(), items.end(), [&wanted](std::string_view item) {
    return std::find(wanted.begin(), wanted.end(), item) != wanted.end();
  });
}

bool has_flag(const TagList& tags, std::string_view flag) {
  return tags.find("t") != nullptr && lists(tags, "t", {flag});
}

std::optional<RefusedKey> judge_rsa(const std::vector<unsigned char>& octets) {
  const unsigned char* at = octets.data();
  const std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)> key(
      ::d2i_PUBKEY(nullptr, &at, static_cast<long>(octets.size())), &::EVP_PKEY_free);
  ::ERR_clear_error();
  if (key == nullptr || ::EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return refused("the key is no RSA key");
  }
  const int bits = ::EVP_PKEY_get_bits(key.get());
  if (bits >= kFewestBits) return std::nullopt;
  return RefusedKey{DkimResult::policy, "the key has only " + std::to_string(bits) + " bits"};
}

std::variant<Key, RefusedKey> read_tags(const TagList& tags, Algorithm algorithm) {
  const bool is_rsa = algorithm == Algorithm::rsa_sha256;
  const std::string_view kind = is_rsa ? "rsa" : "ed25519";
  if (tags.find("v") != nullptr && tags.word("v") != "DKIM1")
    return refused("the key has another version");
  const std::string given_kind = tags.find("k") == nullptr ? "rsa" : ascii_lower(tags.word("k"));
  if (given_kind != kind) return refused("the key is for another algorithm");
  if (!lists(tags, "h", {"sha256"})) return refused("the key is for another hash");
  if (!lists(tags, "s", {"*", "email"})) return refused("the key is not for mail");
  const std::string encoded = tags.word("p");
  if (encoded.empty()) return refused("the key has been revoked");

  Key key;
  key.is_testing = has_flag(tags, "y");
  key.record =
      "v=DKIM1; k=" + std::string(kind) + (has_flag(tags, "s") ? "; t=s" : "") + "; p=" + encoded;
  if (key.record.size() > kLongestRecord) return refused("the key is too long");
  const auto octets = from_base64(encoded);
  if (!octets) return refused("the key is broken");
  if (is_rsa) {
    if (auto judged = judge_rsa(*octets)) return *std::move(judged);
  } else if (octets->size() != kEd25519Octets) {
    return refused("the key is no Ed25519 key");
  }
  return key;
}

}  // namespace

std::variant<Key, RefusedKey> read_key(const std::vector<std::string>& texts, Algorithm algorithm) {
  std::vector<TagList> keys;
  for (const std::string& text : texts) {
    if (text.size() > kLongestText) continue;
    auto tags = TagList::parse(text);
    if (tags && tags->find("p") != nullptr) keys.push_back(*std::move(tags));
  }
  if (keys.size() == 1) return read_tags(keys.front(), algorithm);
  if (keys.size() > 1) return refused("there are several keys of this name");
  return refused(texts.empty() ? "there is no key of this name" : "the key record is broken");
}

}  // namespace postern::opendkim
