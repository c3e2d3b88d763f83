#include "base/utf8.h"

#include <algorithm>
#include <cstdint>

namespace postern {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";
constexpr std::string_view kCut = "\xe2\x80\xa6";

struct Character {
  char32_t code = 0;
  std::size_t size = 1;
  bool valid = false;
};

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

// The first character of a text that is not empty. An invalid one is one byte long: each bad byte
// gets its own replacement, and a good character after it is not lost.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1, true};
  std::size_t size = 0;
  char32_t code = 0;
  char32_t smallest = 0;
  if ((lead & 0xe0U) == 0xc0U) {
    size = 2, code = lead & 0x1fU, smallest = 0x80;
  } else if ((lead & 0xf0U) == 0xe0U) {
    size = 3, code = lead & 0x0fU, smallest = 0x800;
  } else if ((lead & 0xf8U) == 0xf0U) {
    size = 4, code = lead & 0x07U, smallest = 0x10000;
  }
  if (size == 0 || text.size() < size) return {};
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[i])) return {};
    code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < smallest || code > 0x10ffff || surrogate) return {};
  return {code, size, true};
}

bool disturbs_a_line(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

void append_escape(std::string& out, char32_t code) {
  if (code == '\n') {
    out += "\\n";
  } else if (code == '\r') {
    out += "\\r";
  } else if (code == '\t') {
    out += "\\t";
  } else {
    out += code < 0x80 ? "\\x" : "\\u";
    for (int shift = code < 0x80 ? 4 : 12; shift >= 0; shift -= 4)
      out += kHex[(code >> shift) & 0xfU];
  }
}

template <typename Append>
std::string rewrite(std::string_view text, std::size_t max_size, Append&& append) {
  std::string out;
  out.reserve(std::min(text.size(), max_size) + kCut.size());
  std::size_t used = 0;
  while (used < text.size()) {
    const Character character = first_character(text.substr(used));
    if (used + character.size > max_size) {
      out += kCut;
      break;
    }
    if (character.valid) {
      append(out, text.substr(used, character.size), character.code);
    } else {
      out += kReplacement;
    }
    used += character.size;
  }
  return out;
}

}  // namespace

std::string valid_utf8(std::string_view text, std::size_t max_size) {
  return rewrite(text, max_size,
                 [](std::string& out, std::string_view bytes, char32_t) { out += bytes; });
}

std::string single_line(std::string_view text, std::size_t max_size) {
  return rewrite(text, max_size, [](std::string& out, std::string_view bytes, char32_t code) {
    if (code == '\\') {
      out += "\\\\";
    } else if (disturbs_a_line(code)) {
      append_escape(out, code);
    } else {
      out += bytes;
    }
  });
}

}  // namespace postern
