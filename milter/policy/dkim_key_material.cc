#include "policy/dkim_key_material.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "base/text.h"

namespace postern::policy {
namespace {

constexpr int kLeastRsaBits = 1024;
constexpr int kMostRsaBits = 4096;
constexpr int kMostExponentBits = 64;
constexpr std::size_t kEd25519Size = 32;
constexpr std::string_view kPrivateKey = "the private key";
constexpr std::string_view kPublicKey = "the public key";

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* thing) const {
    Free(thing);
  }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Freer<PKCS8_PRIV_KEY_INFO_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BN_clear_free>>;
using NumberContextPtr = std::unique_ptr<BN_CTX, Freer<BN_CTX_free>>;

// What OpenSSL notes about a text that was no key would only surprise the next caller.
struct ErrorQueueCleaner {
  ErrorQueueCleaner() = default;
  ErrorQueueCleaner(const ErrorQueueCleaner&) = delete;
  ErrorQueueCleaner& operator=(const ErrorQueueCleaner&) = delete;
  ~ErrorQueueCleaner() { ERR_clear_error(); }
};

Error fault(std::string_view which, std::string_view what) {
  return permanent_error(std::string(which) + " " + std::string(what));
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

const unsigned char* octets(std::string_view der) {
  return reinterpret_cast<const unsigned char*>(der.data());
}

// Without blanks, line breaks and line breaks spelled as \n or \r.
Secret without_breaks(std::string_view text) {
  std::string bare;
  bare.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == 'r')) {
      ++i;
    } else if (!is_blank(text[i])) {
      bare.push_back(text[i]);
    }
  }
  return Secret(std::move(bare));
}

bool is_base64_digit(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

// Nothing: not base64. Missing padding is forgiven.
std::optional<Secret> from_base64(std::string_view text) {
  const Secret compact = without_breaks(text);
  std::string_view digits = compact.reveal();
  while (!digits.empty() && digits.back() == '=' && compact.reveal().size() - digits.size() < 2) {
    digits.remove_suffix(1);
  }
  if (digits.empty() || digits.size() % 4 == 1 ||
      !std::all_of(digits.begin(), digits.end(), is_base64_digit)) {
    return std::nullopt;
  }
  const std::size_t padding = (4 - digits.size() % 4) % 4;
  std::string padded;
  padded.reserve(digits.size() + padding);
  padded.append(digits).append(padding, '=');
  const Secret block(std::move(padded));
  std::string decoded(block.reveal().size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   octets(block.reveal()), static_cast<int>(block.reveal().size()));
  if (size >= 0) decoded.resize(static_cast<std::size_t>(size) - padding);
  Secret der(std::move(decoded));
  if (size < 0) return std::nullopt;
  return der;
}

std::string to_base64(const std::vector<unsigned char>& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends it with a NUL
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

struct PemBlock {
  std::string_view label;
  std::string_view body;
};

// The one block of a PEM text, wherever its line breaks are; nothing: not PEM.
std::optional<PemBlock> pem_block(std::string_view text) {
  static constexpr std::string_view kBegin = "-----BEGIN ";
  static constexpr std::string_view kDashes = "-----";
  const std::size_t begin = text.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin + kBegin.size());
  const std::size_t label_end = text.find(kDashes);
  if (label_end == std::string_view::npos) return std::nullopt;
  const std::string_view label = text.substr(0, label_end);
  text.remove_prefix(label_end + kDashes.size());
  const std::size_t end = text.find("-----END " + std::string(label) + "-----");
  if (end == std::string_view::npos) return std::nullopt;
  return PemBlock{label, text.substr(0, end)};
}

bool looks_like_pem(std::string_view text) {
  return text.find("-----BEGIN") != std::string_view::npos;
}

KeyPtr rsa_from_pkcs1(std::string_view der) {
  const unsigned char* at = octets(der);
  KeyPtr key(d2i_PrivateKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(der.size())));
  return key && at == octets(der) + der.size() ? std::move(key) : nullptr;
}

KeyPtr from_pkcs8(const PKCS8_PRIV_KEY_INFO& info) {
  const ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* inner = nullptr;
  int size = 0;
  if (PKCS8_pkey_get0(&algorithm, &inner, &size, nullptr, &info) != 1 || size <= 0) return nullptr;
  // The straight way: asking OpenSSL's decoders to find the type out costs three times as much, and
  // a provider has a hundred thousand keys.
  const int kind = OBJ_obj2nid(algorithm);
  if (kind == NID_rsaEncryption) {
    return rsa_from_pkcs1({reinterpret_cast<const char*>(inner), static_cast<std::size_t>(size)});
  }
  return KeyPtr(kind == NID_ED25519 ? EVP_PKCS82PKEY(&info) : nullptr);
}

KeyPtr private_key_from_der(std::string_view der) {
  if (der.size() == kEd25519Size) {
    return KeyPtr(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, octets(der), der.size()));
  }
  const unsigned char* at = octets(der);
  const Pkcs8Ptr info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!info) return rsa_from_pkcs1(der);
  return at == octets(der) + der.size() ? from_pkcs8(*info) : nullptr;
}

std::optional<DkimAlgorithm> algorithm_of(const EVP_PKEY& key) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_RSA:
      return DkimAlgorithm::rsa;
    case EVP_PKEY_ED25519:
      return DkimAlgorithm::ed25519;
    default:  // an open set of OpenSSL's
      return std::nullopt;
  }
}

// Nothing: the key is one that DKIM signs with.
std::optional<std::string> unsuitable(const EVP_PKEY& key) {
  const auto algorithm = algorithm_of(key);
  if (!algorithm) return "is neither RSA nor Ed25519";
  const int bits = EVP_PKEY_get_bits(&key);
  if (*algorithm == DkimAlgorithm::rsa && (bits < kLeastRsaBits || bits > kMostRsaBits)) {
    return "has " + std::to_string(bits) + " bits; from " + std::to_string(kLeastRsaBits) + " to " +
           std::to_string(kMostRsaBits) + " are read";
  }
  return std::nullopt;
}

NumberPtr number_of(const EVP_PKEY& key, const char* name) {
  BIGNUM* number = nullptr;
  EVP_PKEY_get_bn_param(&key, name, &number);
  return NumberPtr(number);
}

bool inverse_modulo(const BIGNUM& d, const BIGNUM& e, const BIGNUM& prime, BN_CTX* context) {
  const NumberPtr modulus(BN_dup(&prime));
  const NumberPtr rest(BN_new());
  return modulus && rest && BN_sub_word(modulus.get(), 1) == 1 &&
         BN_mod_mul(rest.get(), &d, &e, modulus.get(), context) == 1 && BN_is_one(rest.get()) == 1;
}

// A damaged key still parses, and every signature made with it is wrong. These products show it in
// microseconds; OpenSSL's own check looks for primes and takes 35 ms.
bool rsa_numbers_fit(const EVP_PKEY& key) {
  const NumberPtr n = number_of(key, OSSL_PKEY_PARAM_RSA_N);
  const NumberPtr e = number_of(key, OSSL_PKEY_PARAM_RSA_E);
  const NumberPtr d = number_of(key, OSSL_PKEY_PARAM_RSA_D);
  const NumberPtr p = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
  const NumberPtr q = number_of(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  const NumberContextPtr context(BN_CTX_secure_new());
  const NumberPtr product(BN_new());
  if (!n || !e || !d || !p || !q || !context || !product) return false;
  if (BN_is_one(e.get()) == 1 || BN_num_bits(e.get()) > kMostExponentBits) return false;
  return BN_mul(product.get(), p.get(), q.get(), context.get()) == 1 &&
         BN_cmp(product.get(), n.get()) == 0 && inverse_modulo(*d, *e, *p, context.get()) &&
         inverse_modulo(*d, *e, *q, context.get());
}

std::optional<Secret> to_pkcs8_pem(const EVP_PKEY& key) {
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(&key));
  const BioPtr memory(BIO_new(BIO_s_secmem()));
  if (!info || !memory || PEM_write_bio_PKCS8_PRIV_KEY_INFO(memory.get(), info.get()) != 1) {
    return std::nullopt;
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  if (size <= 0) return std::nullopt;
  return Secret(std::string(text, static_cast<std::size_t>(size)));
}

std::optional<std::string> public_text(const EVP_PKEY& key, DkimAlgorithm algorithm) {
  switch (algorithm) {
    case DkimAlgorithm::rsa: {
      const int size = i2d_PUBKEY(&key, nullptr);
      if (size <= 0) return std::nullopt;
      std::vector<unsigned char> der(static_cast<std::size_t>(size));
      unsigned char* at = der.data();
      i2d_PUBKEY(&key, &at);
      return to_base64(der);
    }
    case DkimAlgorithm::ed25519: {
      std::vector<unsigned char> raw(kEd25519Size);
      std::size_t size = raw.size();
      if (EVP_PKEY_get_raw_public_key(&key, raw.data(), &size) != 1) return std::nullopt;
      return to_base64(raw);
    }
  }
  return std::nullopt;
}

KeyPtr public_key_from_der(std::string_view der) {
  if (der.size() == kEd25519Size) {
    return KeyPtr(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(der), der.size()));
  }
  const auto size = static_cast<long>(der.size());
  const unsigned char* end = octets(der) + der.size();
  const unsigned char* at = octets(der);
  KeyPtr key(d2i_PUBKEY(nullptr, &at, size));
  if (key) return at == end ? std::move(key) : nullptr;
  at = octets(der);
  key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  return key && at == end ? std::move(key) : nullptr;
}

// What is left of a DNS record: the tag's value without blanks and without the quotes that zone
// files put around each 255 octets.
std::optional<std::string> tag_value(std::string_view record, std::string_view tag) {
  for (const std::string_view part : split(record, ';')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || trim(part.substr(0, equals)) != tag) continue;
    std::string value(part.substr(equals + 1));
    std::erase_if(value, [](char c) { return is_blank(c) || c == '"'; });
    return value;
  }
  return std::nullopt;
}

// The tag list in "selector._domainkey.example.com TXT v=DKIM1; p=…" and its shorter forms;
// nothing: not a DNS record.
std::optional<std::string> dns_record(std::string_view text) {
  std::string record(text);
  std::erase(record, '"');
  const std::size_t version = record.find("v=DKIM1");
  if (version != std::string::npos) return record.substr(version);
  const std::string_view start = trim(record);
  const bool is_list = record.find(';') != std::string::npos || start.starts_with("p=");
  return is_list ? std::optional(record) : std::nullopt;
}

Result<PublicKey> public_key_from_base64(std::string_view text) {
  const auto der = from_base64(text);
  if (!der) return fault(kPublicKey, "is not base64");
  const KeyPtr key = public_key_from_der(der->reveal());
  if (!key) return fault(kPublicKey, "cannot be read");
  const auto algorithm = algorithm_of(*key);
  if (!algorithm) return fault(kPublicKey, "is neither RSA nor Ed25519");
  auto written = public_text(*key, *algorithm);
  if (!written) return fault(kPublicKey, "cannot be read");
  return PublicKey{*algorithm, std::move(*written)};
}

Result<PublicKey> public_key_from_record(std::string_view record) {
  const auto value = tag_value(record, "p");
  if (!value) return fault(kPublicKey, "is a DNS record without p=");
  if (value->empty()) return fault(kPublicKey, "is a DNS record with an empty p=: revoked");
  Result<PublicKey> key = public_key_from_base64(*value);
  if (!key) return key;
  // Without k= a verifier takes the key for RSA.
  const std::string kind = ascii_lower(tag_value(record, "k").value_or("rsa"));
  const std::string_view expected = key->algorithm == DkimAlgorithm::rsa ? "rsa" : "ed25519";
  if (kind != expected) {
    return fault(kPublicKey, "is of the kind " + std::string(expected) +
                                 ", its DNS record makes it " + printable(kind, 20));
  }
  return key;
}

}  // namespace

Result<KeyMaterial> read_private_key(std::string_view text) {
  const ErrorQueueCleaner cleaner;
  std::string_view encoded = text;
  if (looks_like_pem(text)) {
    const auto block = pem_block(text);
    if (!block) return fault(kPrivateKey, "is PEM without an end");
    if (block->label == "ENCRYPTED PRIVATE KEY" ||
        block->body.find("ENCRYPTED") != std::string_view::npos) {
      return fault(kPrivateKey, "is encrypted with a passphrase");
    }
    if (block->label != "PRIVATE KEY" && block->label != "RSA PRIVATE KEY") {
      return fault(kPrivateKey, "is PEM of another thing: " + printable(block->label, 40));
    }
    encoded = block->body;
  }
  const auto der = from_base64(encoded);
  if (!der) return fault(kPrivateKey, "is neither PEM nor base64");
  const KeyPtr key = private_key_from_der(der->reveal());
  if (!key) return fault(kPrivateKey, "is no RSA or Ed25519 key in PKCS#8 or PKCS#1");
  if (const auto why = unsuitable(*key)) return fault(kPrivateKey, *why);
  const auto algorithm = algorithm_of(*key);
  if (*algorithm == DkimAlgorithm::rsa && !rsa_numbers_fit(*key)) {
    return fault(kPrivateKey, "is damaged: its numbers do not fit together");
  }
  auto pem = to_pkcs8_pem(*key);
  auto written = public_text(*key, *algorithm);
  if (!pem || !written) return fault(kPrivateKey, "cannot be written as PKCS#8");
  return KeyMaterial{.algorithm = *algorithm,
                     .bits = static_cast<unsigned>(EVP_PKEY_get_bits(key.get())),
                     .private_key_pem = std::move(*pem),
                     .public_key = std::move(*written)};
}

Result<PublicKey> read_public_key(std::string_view text) {
  const ErrorQueueCleaner cleaner;
  if (looks_like_pem(text)) {
    const auto block = pem_block(text);
    if (!block) return fault(kPublicKey, "is PEM without an end");
    if (block->label != "PUBLIC KEY" && block->label != "RSA PUBLIC KEY") {
      return fault(kPublicKey, "is PEM of another thing: " + printable(block->label, 40));
    }
    return public_key_from_base64(block->body);
  }
  if (const auto record = dns_record(text)) return public_key_from_record(*record);
  return public_key_from_base64(text);
}

}  // namespace postern::policy
