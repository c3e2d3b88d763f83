#include "adapters/opendkim/tag_list.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace postern::opendkim {
namespace {

constexpr std::size_t kMostTags = 100;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_tag_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_tag_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_white(c) || (c > ' ' && c < 0x7f); });
}

}  // namespace

std::optional<TagList> TagList::parse(std::string_view text) {
  text = trim(text);
  if (text.ends_with(';')) text.remove_suffix(1);
  const auto parts = split(text, ';');
  if (parts.size() > kMostTags) return std::nullopt;
  TagList list;
  std::set<std::string> seen;
  for (const std::string_view part : parts) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = trim(part.substr(0, equals));
    const std::string_view value = trim(part.substr(equals + 1));
    if (!is_tag_name(name) || !is_tag_value(value)) return std::nullopt;
    if (!seen.insert(ascii_lower(name)).second) return std::nullopt;
    list.tags_.emplace(name, value);
  }
  return list;
}

const std::string* TagList::find(std::string_view tag) const {
  const auto found = tags_.find(tag);
  return found == tags_.end() ? nullptr : &found->second;
}

std::string TagList::word(std::string_view tag) const {
  const std::string* const value = find(tag);
  if (value == nullptr) return {};
  std::string result = *value;
  std::erase_if(result, is_white);
  return result;
}

}  // namespace postern::opendkim
