#include "content/transfer_encoding.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace postern::content {
namespace {

constexpr std::uint8_t kSkipped = 64;  // line ends and blanks
constexpr std::uint8_t kPadding = 65;
constexpr std::uint8_t kInvalid = 66;

constexpr std::array<std::uint8_t, 256> make_base64_table() {
  std::array<std::uint8_t, 256> table{};
  for (auto& entry : table) entry = kInvalid;
  const std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  for (const char blank : {' ', '\t', '\r', '\n'}) {
    table[static_cast<unsigned char>(blank)] = kSkipped;
  }
  table['='] = kPadding;
  return table;
}
constexpr auto kBase64 = make_base64_table();

std::uint8_t base64_value(char c) { return kBase64[static_cast<unsigned char>(c)]; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Writes whole quads until something else than four digits comes; answers where that is.
std::size_t decode_quads(std::string_view text, std::size_t at, char*& out) {
  while (at + 4 <= text.size()) {
    const std::uint32_t a = base64_value(text[at]);
    const std::uint32_t b = base64_value(text[at + 1]);
    const std::uint32_t c = base64_value(text[at + 2]);
    const std::uint32_t d = base64_value(text[at + 3]);
    if ((a | b | c | d) >= kSkipped) break;
    const std::uint32_t word = a << 18U | b << 12U | c << 6U | d;
    *out++ = static_cast<char>(word >> 16U);
    *out++ = static_cast<char>(word >> 8U);
    *out++ = static_cast<char>(word);
    at += 4;
  }
  return at;
}

// The digits of a quad that is not whole: two make one octet, three make two.
void flush_quad(std::uint32_t word, unsigned digits, char*& out) {
  if (digits < 2) return;
  word <<= 6U * (4 - digits);
  *out++ = static_cast<char>(word >> 16U);
  if (digits == 3) *out++ = static_cast<char>(word >> 8U);
}

}  // namespace

Encoding parse_encoding(std::string_view value) {
  std::string_view token = trim(value);
  token = token.substr(0, token.find_first_of(" \t\r\n;("));
  if (token.empty()) return Encoding::identity;
  const struct {
    std::string_view name;
    Encoding encoding;
  } known[] = {
      {"7bit", Encoding::identity},       {"8bit", Encoding::identity},
      {"binary", Encoding::identity},     {"base64", Encoding::base64},
      {"x-uuencode", Encoding::uuencode}, {"quoted-printable", Encoding::quoted_printable},
      {"uuencode", Encoding::uuencode},   {"x-uue", Encoding::uuencode},
      {"x-uu", Encoding::uuencode},       {"uue", Encoding::uuencode},
  };
  for (const auto& entry : known) {
    if (equals_ignoring_case(token, entry.name)) return entry.encoding;
  }
  return Encoding::unknown;
}

Decoded decode_base64(std::string_view text) {
  Decoded decoded;
  decoded.bytes.resize(text.size() / 4 * 3 + 3);
  char* out = decoded.bytes.data();
  std::uint32_t word = 0;
  unsigned digits = 0;  // of the quad that is being read
  bool padded = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (digits == 0 && !padded) {
      at = decode_quads(text, at, out);
      if (at == text.size()) break;
    }
    const std::uint8_t value = base64_value(text[at]);
    if (value == kSkipped) continue;
    if (value == kPadding) {
      if (digits == 1 || (digits == 0 && !padded)) decoded.valid = false;
      flush_quad(word, digits, out);
      word = digits = 0;
      padded = true;
    } else if (value == kInvalid) {
      decoded.valid = false;
    } else {
      if (padded) decoded.valid = padded = false;
      word = word << 6U | value;
      if (++digits == 4) {
        *out++ = static_cast<char>(word >> 16U);
        *out++ = static_cast<char>(word >> 8U);
        *out++ = static_cast<char>(word);
        word = digits = 0;
      }
    }
  }
  if (digits == 1) decoded.valid = false;
  flush_quad(word, digits, out);
  decoded.bytes.resize(static_cast<std::size_t>(out - decoded.bytes.data()));
  return decoded;
}

Decoded decode_quoted_printable(std::string_view text) {
  Decoded decoded;
  decoded.bytes.reserve(text.size());
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    decoded.bytes.append(text.substr(0, equals));
    if (equals == std::string_view::npos) break;
    text.remove_prefix(equals + 1);
    if (text.size() >= 2 && hex_value(text[0]) >= 0 && hex_value(text[1]) >= 0) {
      decoded.bytes += static_cast<char>(hex_value(text[0]) * 16 + hex_value(text[1]));
      text.remove_prefix(2);
      continue;
    }
    const std::size_t end = text.find_first_not_of(" \t");
    if (end == std::string_view::npos) break;  // the text ends in a soft line break
    if (text[end] == '\n') {
      text.remove_prefix(end + 1);
    } else if (text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n') {
      text.remove_prefix(end + 2);
    } else {
      decoded.valid = false;
      decoded.bytes += '=';
    }
  }
  return decoded;
}

}  // namespace postern::content
