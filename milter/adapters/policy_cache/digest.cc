#include "adapters/policy_cache/digest.h"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>

namespace postern::policy_cache {

Digest digest_of(std::string_view key, std::string_view json) {
  // The length first: "ab"+"c" and "a"+"bc" are two documents.
  const std::uint64_t length = key.size();
  std::array<unsigned char, sizeof length> prefix{};
  for (std::size_t at = 0; at < prefix.size(); ++at) {
    prefix.at(at) = static_cast<unsigned char>(length >> (8 * at));
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  Digest digest{};
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(context.get(), prefix.data(), prefix.size());
  EVP_DigestUpdate(context.get(), key.data(), key.size());
  EVP_DigestUpdate(context.get(), json.data(), json.size());
  EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
  return digest;
}

void toggle(Digest& set, const Digest& document) {
  for (std::size_t at = 0; at < set.size(); ++at) {
    set.at(at) = static_cast<unsigned char>(set.at(at) ^ document.at(at));
  }
}

std::string_view bytes_of(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};  // NOLINT: bytes as text
}

}  // namespace postern::policy_cache
