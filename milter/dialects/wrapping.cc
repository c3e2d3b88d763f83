// The header of a saved HTTP message: curl -i writes one before the body, a recorder before a request.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "dialects/readers.h"

namespace postern::dialects {
namespace {

constexpr std::size_t kMostHeaderLines = 200;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool opens_a_body(std::string_view line) {
  const std::string_view text = trim(line);
  return !text.empty() && (text.front() == '{' || text.front() == '[' || text.front() == '<');
}

bool opens_a_message(std::string_view line) {
  constexpr std::array<std::string_view, 6> kBeginnings = {"HTTP/", "GET ",   "PUT ",
                                                           "POST ", "PATCH ", "DELETE "};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view begin) { return line.starts_with(begin); });
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = ascii_lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = text[at] == '%' && at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[at + 2]) : -1;
    if (low < 0) {
      out += text[at];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

// "PUT /v1/objects/EmailServerSettings/mailServerSetting%230 HTTP/1.1"
std::string last_of_path(std::string_view request_line) {
  if (request_line.starts_with("HTTP/")) return "";
  const auto words = split(trim(request_line), ' ');
  if (words.size() < 2) return "";
  std::string_view path = words[1].substr(0, words[1].find('?'));
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : percent_decoded(path.substr(slash + 1));
}

}  // namespace

Unwrapped unwrap(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const std::string_view first = text.substr(0, text.find('\n'));
  if (!opens_a_message(first)) return {text, ""};
  std::string_view rest = text;
  for (std::size_t lines = 0; lines < kMostHeaderLines && !rest.empty(); ++lines) {
    if (opens_a_body(rest.substr(0, rest.find('\n')))) return {rest, last_of_path(first)};
    const std::size_t end = rest.find('\n');
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return {text, ""};
}

}  // namespace postern::dialects
