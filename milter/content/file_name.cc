#include "content/file_name.h"

#include "base/text.h"
#include "base/utf8.h"

namespace postern::content {
namespace {

constexpr std::size_t kLongestName = 1024;

std::string_view without_ends(std::string_view text, std::string_view characters) {
  const std::size_t begin = text.find_first_not_of(characters);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(characters) - begin + 1);
}

}  // namespace

std::string file_name(std::string_view raw) {
  std::string_view name = without_ends(raw, " \t\r\n\"'");
  const std::size_t slash = name.find_last_of("/\\");
  if (slash != std::string_view::npos && slash + 1 < name.size()) name.remove_prefix(slash + 1);
  while (name.ends_with('.') || name.ends_with(' ')) name.remove_suffix(1);
  if (name.size() > kLongestName) name.remove_prefix(name.size() - kLongestName);
  std::string printable_name;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) printable_name += c;
  }
  return valid_utf8(printable_name, kLongestName);
}

std::string ascii_only(std::string_view name) {
  std::string ascii;
  for (const char c : name) {
    if (c >= 0x20 && c < 0x7f) ascii += c;
  }
  return ascii;
}

std::string extension(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos ? std::string() : ascii_lower(name.substr(dot + 1));
}

}  // namespace postern::content
