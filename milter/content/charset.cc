#include "content/charset.h"

#include <glib.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/text.h"

namespace postern::content {
namespace {

bool is_seven_bit_charset(std::string_view charset) {
  return starts_with_ignoring_case(charset, "iso-2022-") ||
         equals_ignoring_case(charset, "utf-7") || equals_ignoring_case(charset, "hz-gb-2312");
}
bool is_us_ascii(std::string_view charset) {
  return equals_ignoring_case(charset, "us-ascii") || equals_ignoring_case(charset, "ascii");
}
bool is_utf8_charset(std::string_view charset) {
  return equals_ignoring_case(charset, "utf-8") || equals_ignoring_case(charset, "utf8");
}
bool is_wide(std::string_view charset) {
  return starts_with_ignoring_case(charset, "utf-16") ||
         starts_with_ignoring_case(charset, "utf-32") || starts_with_ignoring_case(charset, "ucs-");
}

// iconv takes "//TRANSLIT" and the like after the name; those come from nobody but us.
bool is_charset_name(std::string_view charset) {
  return !charset.empty() && charset.size() <= 40 &&
         std::all_of(charset.begin(), charset.end(), [](char c) {
           return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
         });
}

}  // namespace

bool is_ascii(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (; end - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if ((word & 0x8080808080808080ULL) != 0) return false;
  }
  return std::all_of(at, end, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) == 0; });
}

bool is_utf8(std::string_view text) {
  if (is_ascii(text)) return true;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {  // GLib stops at a NUL
    const char* stopped = nullptr;
    if (g_utf8_validate(at, end - at, &stopped)) return true;
    if (*stopped != '\0') return false;
    at = stopped + 1;
  }
  return true;
}

bool is_impossible(std::string_view text, std::string_view charset) {
  if (is_utf8_charset(charset)) return !is_utf8(text);
  if (is_us_ascii(charset) || is_seven_bit_charset(charset)) return !is_ascii(text);
  return false;
}

std::optional<std::string> converted_to_utf8(std::string_view text, std::string_view charset) {
  if (!is_charset_name(charset) || is_utf8_charset(charset) || is_us_ascii(charset)) {
    return std::nullopt;
  }
  if (!is_wide(charset) && !is_seven_bit_charset(charset) && is_ascii(text)) return std::nullopt;
  GIConv converter = g_iconv_open("UTF-8", std::string(charset).c_str());
  if (converter == reinterpret_cast<GIConv>(-1)) return std::nullopt;  // NOLINT: glib's own value

  std::string utf8;
  std::string input(text);  // g_iconv wants it writable
  char* in = input.data();
  gsize in_left = input.size();
  char buffer[4096];
  while (in_left > 0) {
    char* out = buffer;
    gsize out_left = sizeof buffer;
    const bool failed =
        g_iconv(converter, &in, &in_left, &out, &out_left) == static_cast<gsize>(-1);
    const int why = errno;
    utf8.append(buffer, sizeof buffer - out_left);
    if (!failed) break;
    if (why == EILSEQ) {
      ++in, --in_left;
      continue;
    }
    // Otherwise an incomplete character at the end, or no room for a single one.
    const bool was_full = why == E2BIG && out_left < sizeof buffer;
    if (!was_full) break;
  }
  g_iconv_close(converter);
  return utf8;
}

}  // namespace postern::content
