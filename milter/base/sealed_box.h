// Purpose:   secrets sealed to a host: anybody with the public key can seal, only the host whose key
//            file holds the private half can read.
// Ownership: values; a private half is a Secret.
// Threading: pure functions.
// Failure:   an Error that says why and never holds what was sealed; a sealed text whose key is not
//            there, or that was altered, cannot be opened.
// Source:    libsodium's sealed boxes (X25519, XSalsa20-Poly1305); keys.seal_file: a private key a
//            line, base64, the newest first; all of them open.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace postern {

// How a sealed member of a document begins; base64 follows.
inline constexpr std::string_view kSealedPrefix = "sealed:";
inline bool is_sealed(std::string_view text) { return text.starts_with(kSealedPrefix); }

struct SealKey {
  std::string public_key;  // base64; what is given to whoever seals
  Secret private_key;      // 32 octets
  friend bool operator==(const SealKey&, const SealKey&) = default;
};

Result<SealKey> make_seal_key();
// As it stands in the key file, without a line end.
Secret seal_key_line(const SealKey& key);
// The text of a key file; blank lines and those that begin with # are passed over.
Result<std::vector<SealKey>> parse_seal_keys(std::string_view file_text);

// "sealed:<base64>". Two seals of one secret differ.
Result<std::string> seal(std::string_view secret, std::string_view public_key);
Result<Secret> unseal(std::string_view sealed, const std::vector<SealKey>& keys);

}  // namespace postern
