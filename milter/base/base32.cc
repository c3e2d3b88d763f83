#include "base/base32.h"

#include <cstdint>

#include "base/text.h"

namespace postern {
namespace {

constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";

}  // namespace

std::string to_base32(std::string_view octets) {
  std::string text;
  text.reserve((octets.size() * 8 + 4) / 5);
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char octet : octets) {
    pending = (pending << 8U | static_cast<unsigned char>(octet)) & 0xfffU;
    for (bits += 8; bits >= 5; bits -= 5) text += kAlphabet[pending >> (bits - 5) & 31U];
  }
  if (bits > 0) text += kAlphabet[pending << (5 - bits) & 31U];
  return text;
}

std::optional<std::string> from_base32(std::string_view text) {
  std::string octets;
  octets.reserve(text.size() * 5 / 8);
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(ascii_lower(c));
    if (value == std::string_view::npos) return std::nullopt;
    pending = (pending << 5U | static_cast<std::uint32_t>(value)) & 0xfffU;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      octets += static_cast<char>(pending >> bits & 0xffU);
    }
  }
  // Bits that are left over are zero, and fewer than a character's.
  const bool written_by_us = bits < 5 && (pending & ((1U << bits) - 1U)) == 0;
  if (!written_by_us) return std::nullopt;
  return octets;
}

}  // namespace postern
