#include "adapters/vault/digest.h"

#include <openssl/evp.h>

#include <exception>

namespace postern::vault {

std::string sha256(std::string_view bytes) {
  constexpr std::size_t kSize = 32;
  std::string digest(kSize, '\0');
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 EVP_sha256(), nullptr) != 1 ||
      size != kSize) {
    std::terminate();
  }
  return digest;
}

}  // namespace postern::vault
