#include "base/signed_token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <optional>

#include "base/hex.h"
#include "base/text.h"

namespace postern {
namespace {

constexpr std::size_t kSmallestKey = 16;

// Length-prefixed, so that no two lists of fields serialise alike.
std::string serialise(std::string_view purpose, const std::vector<std::string>& fields,
                      std::string_view expires) {
  std::string text;
  const auto append = [&text](std::string_view part) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  };
  append(purpose);
  append(expires);
  for (const std::string& field : fields) append(field);
  return text;
}

std::string hmac(std::string_view text, const Secret& key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const std::string_view bytes = key.reveal();
  HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string hex_hmac(std::string_view text, const Secret& key) { return to_hex(hmac(text, key)); }

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  // EVP_DecodeBlock takes "=" anywhere for zero bits: two keys joined in a line would pass for one.
  if (text.find('=') < text.size() - padding) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // It counts the padding as zero octets.
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

}  // namespace

std::string make_token(std::string_view purpose, const std::vector<std::string>& fields,
                       WallTime expires, const std::vector<Secret>& keys) {
  const std::string when = std::to_string(std::chrono::system_clock::to_time_t(expires));
  return when + "." + hex_hmac(serialise(purpose, fields, when), keys.front());
}

TokenVerdict verify_token(std::string_view token, std::string_view purpose,
                          const std::vector<std::string>& fields, WallTime now,
                          const std::vector<Secret>& keys) {
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos) return TokenVerdict::forged;
  const std::string_view when = token.substr(0, dot);
  const std::string_view mac = token.substr(dot + 1);
  const std::string text = serialise(purpose, fields, when);
  bool genuine = false;
  for (const Secret& key : keys) {
    if (equal_in_constant_time(mac, hex_hmac(text, key))) genuine = true;
  }
  if (!genuine) return TokenVerdict::forged;
  // Only a genuine token's date is worth reading.
  long long seconds = 0;
  std::from_chars(when.data(), when.data() + when.size(), seconds);
  return std::chrono::system_clock::to_time_t(now) < seconds ? TokenVerdict::valid
                                                             : TokenVerdict::expired;
}

std::uint64_t keyed_hash(std::string_view purpose, const std::string& text, const Secret& key) {
  // Without the date that every token has, so that it is no token's.
  const std::string digits = hex_hmac(serialise(purpose, {text}, ""), key);
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + 16, number, 16);
  return number;
}

std::string make_short_mac(std::string_view purpose, const std::vector<std::string>& fields,
                           std::size_t size, const std::vector<Secret>& keys) {
  // "short" stands where every token has its date, so that it is no token's.
  return hmac(serialise(purpose, fields, "short"), keys.front()).substr(0, size);
}

bool verify_short_mac(std::string_view mac, std::string_view purpose,
                      const std::vector<std::string>& fields, std::size_t size,
                      const std::vector<Secret>& keys) {
  const std::string text = serialise(purpose, fields, "short");
  bool genuine = false;
  for (const Secret& key : keys) {
    if (equal_in_constant_time(mac, hmac(text, key).substr(0, size))) genuine = true;
  }
  return genuine;
}

Result<std::vector<Secret>> parse_token_keys(std::string_view file_text) {
  std::vector<Secret> keys;
  std::size_t number = 0;
  for (const std::string_view raw_line : split(file_text, '\n')) {
    ++number;
    const std::string_view line = trim(raw_line);
    if (line.empty() || line.front() == '#') continue;
    auto key = decode_base64(line);
    if (!key) return permanent_error("line " + std::to_string(number) + ": not base64");
    if (key->size() < kSmallestKey) {
      return permanent_error("line " + std::to_string(number) + ": a key needs at least " +
                             std::to_string(kSmallestKey) + " octets");
    }
    keys.emplace_back(std::move(*key));
  }
  if (keys.empty()) return permanent_error("no key in it");
  return keys;
}

}  // namespace postern
