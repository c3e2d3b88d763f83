#include "test_keys.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <memory>
#include <vector>

namespace postern::test {
namespace {

std::string base64(const unsigned char* bytes, std::size_t size) {
  std::string text((size + 2) / 3 * 4 + 1, '\0');
  const int length = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes,
                                       static_cast<int>(size));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string public_half(EVP_PKEY* pair, policy::DkimAlgorithm algorithm) {
  if (algorithm == policy::DkimAlgorithm::ed25519) {
    std::array<unsigned char, 32> raw{};
    std::size_t size = raw.size();
    ::EVP_PKEY_get_raw_public_key(pair, raw.data(), &size);
    return base64(raw.data(), size);
  }
  unsigned char* der = nullptr;
  const int size = ::i2d_PUBKEY(pair, &der);
  const std::string text = base64(der, static_cast<std::size_t>(size));
  ::OPENSSL_free(der);
  return text;
}

}  // namespace

policy::DkimKey make_key(policy::DkimAlgorithm algorithm, const std::string& selector,
                         unsigned bits) {
  EVP_PKEY* const pair = algorithm == policy::DkimAlgorithm::rsa
                             ? ::EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{bits})
                             : ::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  BIO* const pem = ::BIO_new(::BIO_s_mem());
  ::PEM_write_bio_PKCS8PrivateKey(pem, pair, nullptr, nullptr, 0, nullptr, nullptr);
  std::string text(::BIO_ctrl_pending(pem), '\0');
  ::BIO_read(pem, text.data(), static_cast<int>(text.size()));

  policy::DkimKey key;
  key.selector = selector;
  key.algorithm = algorithm;
  key.private_key_pem = Secret(std::move(text));
  key.public_key = public_half(pair, algorithm);
  key.bits = bits;
  ::BIO_free(pem);
  ::EVP_PKEY_free(pair);
  return key;
}

std::string txt_record(const policy::DkimKey& key) {
  const bool is_rsa = key.algorithm == policy::DkimAlgorithm::rsa;
  return std::string("v=DKIM1; k=") + (is_rsa ? "rsa" : "ed25519") + "; p=" + key.public_key;
}

}  // namespace postern::test
