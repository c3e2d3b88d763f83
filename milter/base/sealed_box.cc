#include "base/sealed_box.h"

#include <sodium.h>

#include <optional>

#include "base/text.h"

namespace postern {
namespace {

constexpr std::size_t kPublicSize = crypto_box_PUBLICKEYBYTES;
constexpr std::size_t kPrivateSize = crypto_box_SECRETKEYBYTES;
constexpr std::size_t kMostSealed = 64UL * 1024;  // octets of a secret
constexpr int kBase64 = sodium_base64_VARIANT_ORIGINAL;

unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool ready() {
  static const bool is_ready = sodium_init() >= 0;
  return is_ready;
}

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
  sodium_bin2base64(text.data(), text.size(), octets(bytes), bytes.size(), kBase64);
  text.pop_back();  // its NUL
  return text;
}

// Blanks and line breaks are forgiven; nothing: not base64.
std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  if (sodium_base642bin(octets(bytes), bytes.size(), text.data(), text.size(), " \t\r\n", &size,
                        nullptr, kBase64) != 0) {
    sodium_memzero(bytes.data(), bytes.size());
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

std::optional<SealKey> key_from(std::string_view line) {
  auto bytes = from_base64(line);
  if (!bytes) return std::nullopt;
  SealKey key{"", Secret(std::move(*bytes))};
  const std::string_view half = key.private_key.reveal();
  std::string other(kPublicSize, '\0');
  if (half.size() != kPrivateSize || crypto_scalarmult_base(octets(other), octets(half)) != 0) {
    return std::nullopt;
  }
  key.public_key = to_base64(other);
  return key;
}

std::optional<Secret> open_with(const SealKey& key, std::string_view box) {
  const auto other = from_base64(key.public_key);
  if (!other) return std::nullopt;
  std::string opened(box.size() - crypto_box_SEALBYTES, '\0');
  const bool good = crypto_box_seal_open(octets(opened), octets(box), box.size(), octets(*other),
                                         octets(key.private_key.reveal())) == 0;
  Secret secret(std::move(opened));
  if (!good) return std::nullopt;
  return secret;
}

}  // namespace

Result<SealKey> make_seal_key() {
  if (!ready()) return temporary_error("libsodium has no random numbers");
  SealKey key;
  std::string half(kPrivateSize, '\0');
  std::string other(kPublicSize, '\0');
  crypto_box_keypair(octets(other), octets(half));
  key.private_key = Secret(std::move(half));
  key.public_key = to_base64(other);
  return key;
}

Secret seal_key_line(const SealKey& key) { return Secret(to_base64(key.private_key.reveal())); }

Result<std::vector<SealKey>> parse_seal_keys(std::string_view file_text) {
  if (!ready()) return temporary_error("libsodium has no random numbers");
  std::vector<SealKey> keys;
  std::size_t number = 0;
  for (const std::string_view raw_line : split(file_text, '\n')) {
    ++number;
    const std::string_view line = trim(raw_line);
    if (line.empty() || line.front() == '#') continue;
    auto key = key_from(line);
    if (!key) {
      return permanent_error("line " + std::to_string(number) + ": not " +
                             std::to_string(kPrivateSize) + " octets in base64");
    }
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return permanent_error("no key in it");
  return keys;
}

Result<std::string> seal(std::string_view secret, std::string_view public_key) {
  if (!ready()) return temporary_error("libsodium has no random numbers");
  const auto key = from_base64(trim(public_key));
  if (!key || key->size() != kPublicSize) {
    return permanent_error("the public key to seal to is not " + std::to_string(kPublicSize) +
                           " octets in base64");
  }
  if (secret.size() > kMostSealed) return permanent_error("too long to be sealed");
  std::string box(secret.size() + crypto_box_SEALBYTES, '\0');
  if (crypto_box_seal(octets(box), octets(secret), secret.size(), octets(*key)) != 0) {
    return permanent_error("the public key to seal to is none");
  }
  return std::string(kSealedPrefix) + to_base64(box);
}

Result<Secret> unseal(std::string_view sealed, const std::vector<SealKey>& keys) {
  if (!is_sealed(sealed)) return permanent_error("not sealed");
  if (keys.empty()) return permanent_error("sealed, and this host has no key (keys.seal_file)");
  const auto box = from_base64(sealed.substr(kSealedPrefix.size()));
  if (!box || box->size() < crypto_box_SEALBYTES) return permanent_error("sealed, and cut short");
  for (const SealKey& key : keys) {
    if (auto secret = open_with(key, *box)) return std::move(*secret);
  }
  return permanent_error("sealed to another host's key, or altered (keys.seal_file)");
}

}  // namespace postern
