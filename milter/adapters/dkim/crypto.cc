#include "adapters/dkim/crypto.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>
#include <cstring>

namespace postern::dkim {
namespace {

template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Free<&::BIO_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Free<&::EVP_PKEY_free>>;
using MdContextPtr = std::unique_ptr<EVP_MD_CTX, Free<&::EVP_MD_CTX_free>>;

// Takes the thread's queue of errors with it, so that nobody later reports ours as his.
std::string last_error() {
  const unsigned long code = ::ERR_peek_last_error();
  ::ERR_clear_error();
  const char* reason = ::ERR_reason_error_string(code);
  return reason == nullptr ? "OpenSSL failed" : reason;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       bytes_of(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// Canonical pieces are a line or less: collected, so that the library is called once per 16 KiB.
class BodyHash {
 public:
  BodyHash() : context_(::EVP_MD_CTX_new()) {
    ok_ = context_ && ::EVP_DigestInit_ex(context_.get(), ::EVP_sha256(), nullptr) == 1;
  }
  void add(std::string_view piece) {
    if (piece.size() > buffer_.size() - used_) flush();
    if (piece.size() > buffer_.size()) return update(piece);
    if (piece.empty()) return;
    std::memcpy(buffer_.data() + used_, piece.data(), piece.size());
    used_ += piece.size();
  }
  Result<std::string> finish() {
    flush();
    std::array<char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    ok_ = ok_ && ::EVP_DigestFinal_ex(context_.get(),
                                      reinterpret_cast<unsigned char*>(digest.data()), &size) == 1;
    if (!ok_) return temporary_error("DKIM body hash: " + last_error());
    return base64(std::string_view(digest.data(), size));
  }

 private:
  void flush() {
    update(std::string_view(buffer_.data(), used_));
    used_ = 0;
  }
  void update(std::string_view bytes) {
    ok_ = ok_ && ::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }

  MdContextPtr context_;
  std::array<char, 16384> buffer_;
  std::size_t used_ = 0;
  bool ok_ = false;
};

// Without this, OpenSSL would ask for the passphrase of an encrypted key on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*context*/) { return -1; }

const char* name_of(policy::DkimAlgorithm algorithm) {
  switch (algorithm) {
    case policy::DkimAlgorithm::rsa:
      return "RSA";
    case policy::DkimAlgorithm::ed25519:
      return "ED25519";
  }
  return "";
}

}  // namespace

Result<std::string> sha256(std::string_view data) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  if (::EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                   ::EVP_sha256(), nullptr) != 1) {
    return temporary_error("SHA-256: " + last_error());
  }
  digest.resize(size);
  return digest;
}

Result<std::string> body_hash(std::string_view body, Canonicalization how) {
  BodyHash hash;
  canonical_body(body, how, [&hash](std::string_view piece) { hash.add(piece); });
  return hash.finish();
}

struct SigningKey::Impl {
  policy::DkimAlgorithm algorithm;
  std::string selector;  // for errors
  PkeyPtr key;
};

SigningKey::SigningKey(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}
SigningKey::~SigningKey() = default;

Result<std::shared_ptr<const SigningKey>> SigningKey::parse(const policy::DkimKey& key) {
  const std::string_view pem = key.private_key_pem.reveal();
  const std::string where = "DKIM key " + key.selector + ": ";
  const BioPtr bio(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  PkeyPtr parsed(bio ? ::PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr)
                     : nullptr);
  if (!parsed) return temporary_error(where + "cannot be read: " + last_error());
  if (::EVP_PKEY_is_a(parsed.get(), name_of(key.algorithm)) != 1) {
    return temporary_error(where + "not " + name_of(key.algorithm));
  }
  auto impl = std::make_unique<Impl>(Impl{key.algorithm, key.selector, std::move(parsed)});
  return std::shared_ptr<const SigningKey>(new SigningKey(std::move(impl)));
}

Result<std::string> SigningKey::sign(std::string_view data) const {
  std::string digest;
  const EVP_MD* hash = ::EVP_sha256();
  if (impl_->algorithm == policy::DkimAlgorithm::ed25519) {
    auto hashed = sha256(data);
    if (!hashed) return hashed.error();
    digest = std::move(*hashed);
    data = digest;
    hash = nullptr;  // Ed25519 hashes by itself; here it signs a hash as if it were the text
  }
  const MdContextPtr context(::EVP_MD_CTX_new());
  std::string signature;
  std::size_t size = 0;
  bool ok = context &&
            ::EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, impl_->key.get()) == 1 &&
            ::EVP_DigestSign(context.get(), nullptr, &size, bytes_of(data), data.size()) == 1;
  if (ok) {
    signature.resize(size);
    ok = ::EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                          bytes_of(data), data.size()) == 1;
  }
  if (!ok) return temporary_error("DKIM key " + impl_->selector + ": cannot sign: " + last_error());
  signature.resize(size);
  return base64(signature);
}

}  // namespace postern::dkim
