// Purpose:   tokens that only we can make: HMAC-SHA256 over named fields and an expiry.
// Threading: pure functions.
// Failure:   verify() tells expired from forged; a token of another purpose is forged.
// Source:    RFC 2104, keys.token_file (a line each, base64; the first signs, all verify).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace postern {

enum class TokenVerdict { valid, expired, forged };

// The token states `expires` and proves `fields` (each unambiguously delimited) for `purpose`:
// "<unix seconds>.<64 hex>". `keys` must not be empty.
std::string make_token(std::string_view purpose, const std::vector<std::string>& fields,
                       WallTime expires, const std::vector<Secret>& keys);
TokenVerdict verify_token(std::string_view token, std::string_view purpose,
                          const std::vector<std::string>& fields, WallTime now,
                          const std::vector<Secret>& keys);

// A number that follows from `text`, and that nobody without the key can foresee.
std::uint64_t keyed_hash(std::string_view purpose, const std::string& text, const Secret& key);

// The first `size` octets of an HMAC-SHA256 over the same, for where a whole token has no room. What
// it is good for, and until when, its user puts into `fields`. `keys` must not be empty to make one.
std::string make_short_mac(std::string_view purpose, const std::vector<std::string>& fields,
                           std::size_t size, const std::vector<Secret>& keys);
bool verify_short_mac(std::string_view mac, std::string_view purpose,
                      const std::vector<std::string>& fields, std::size_t size,
                      const std::vector<Secret>& keys);

// The text of a token file -> keys, or an Error naming the line. At least 16 octets of key each.
Result<std::vector<Secret>> parse_token_keys(std::string_view file_text);

}  // namespace postern
