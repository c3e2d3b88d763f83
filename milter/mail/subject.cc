#include "mail/subject.h"

#include <gmime/gmime.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "mail/mime_library.h"

namespace postern::mail {
namespace {

constexpr std::size_t kLongestPrefix = 128;

using GString = std::unique_ptr<char, decltype(&g_free)>;

bool is_utf8_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

std::string clean_prefix(std::string_view prefix) {
  std::string cleaned;
  for (const char c : prefix) {
    if (c != '\r' && c != '\n' && c != '\0') cleaned += c;
  }
  if (cleaned.size() > kLongestPrefix) {
    std::size_t cut = kLongestPrefix;
    while (cut > 0 && is_utf8_continuation(cleaned[cut])) --cut;
    cleaned.resize(cut);
  }
  return std::string(trim(cleaned));
}

// An encoded word per at most 75 octets, RFC 2047 section 2; folded, because a long prefix of
// three-octet characters needs several.
std::string encode_word(const std::string& text) {
  ensure_mime_library();
  const GString encoded(g_mime_utils_header_encode_text(nullptr, text.c_str(), "UTF-8"), &g_free);
  std::string word(encoded.get());
  for (std::size_t i = 0; i + 1 < word.size(); ++i) {
    if (word[i] == '\n' && word[i + 1] != ' ' && word[i + 1] != '\t') word.insert(i + 1, " ");
  }
  return word;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

std::string decode_header_text(std::string_view raw_value) {
  ensure_mime_library();
  const std::string terminated(raw_value);
  const GString unfolded(g_mime_utils_header_unfold(terminated.c_str()), &g_free);
  const GString decoded(g_mime_utils_header_decode_text(nullptr, unfolded.get()), &g_free);
  return std::string(trim(decoded.get()));
}

std::optional<std::string> prefixed_subject(const std::optional<std::string>& raw_subject,
                                            std::string_view prefix) {
  const std::string cleaned = clean_prefix(prefix);
  if (cleaned.empty()) return std::nullopt;
  const std::string word = is_ascii(cleaned) ? cleaned : encode_word(cleaned);
  if (!raw_subject) return word;
  if (decode_header_text(*raw_subject).starts_with(cleaned)) return std::nullopt;
  std::string_view rest = *raw_subject;
  while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
  if (trim(rest).empty()) return word;
  // A value that begins with a fold keeps it: "\n text" stays a continuation of our first line.
  return word + (rest.front() == '\n' ? "" : " ") + std::string(rest);
}

}  // namespace postern::mail
