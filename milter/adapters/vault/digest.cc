#include "adapters/vault/digest.h"

#include <openssl/evp.h>

#include <exception>

namespace postern::vault {
namespace {

constexpr std::size_t kDigestSize = 32;

}  // namespace

std::string sha256(std::string_view bytes) {
  std::string digest(kDigestSize, '\0');
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1 ||
      size != kDigestSize) {
    std::terminate();
  }
  return digest;
}

}  // namespace postern::vault
