// Purpose:   members of the API's objects as texts.
// Threading: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "policy/json_tree.h"

namespace postern::admin_api {

// A text, or a whole number as text; "" for anything else.
inline std::string text_of(const policy::Json& object, std::string_view name) {
  const policy::Json* member = object.find(name);
  if (member == nullptr) return "";
  if (const auto* text = std::get_if<std::string>(&member->value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&member->value)) {
    return std::to_string(*number);
  }
  return "";
}

// What may stand in a path: ids come from outside.
inline std::string path_segment(std::string_view id) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : id) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '~';
    const auto octet = static_cast<unsigned char>(c);
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kDigits[octet >> 4U];
      out += kDigits[octet & 15U];
    }
  }
  return out;
}

}  // namespace postern::admin_api
