#include "adapters/spf/macro.h"

#include <algorithm>

#include "base/text.h"

namespace postern::spf {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kMostParts = 128;  // more than a name can have
constexpr std::string_view kDelimiters = ".-+,/_=";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_digit(c) || is_alpha(c); }
bool is_visible(char c) { return c > ' ' && c <= '~'; }

bool is_letter(char lower, MacroPlace place) {
  constexpr std::string_view kEverywhere = "slodiphv";
  constexpr std::string_view kExplaining = "crt";
  return kEverywhere.find(lower) != std::string_view::npos ||
         (place == MacroPlace::explanation && kExplaining.find(lower) != std::string_view::npos);
}

// What stands between "%{" and "}".
std::optional<MacroToken> parse_letter(std::string_view inside, MacroPlace place) {
  if (inside.empty() || !is_alpha(inside.front())) return std::nullopt;
  MacroToken token;
  token.kind = MacroToken::Kind::letter;
  token.letter = ascii_lower(inside.front());
  token.url_escaped = token.letter != inside.front();
  if (!is_letter(token.letter, place)) return std::nullopt;
  inside.remove_prefix(1);

  bool counted = false;
  for (; !inside.empty() && is_digit(inside.front()); inside.remove_prefix(1)) {
    counted = true;
    const auto digit = static_cast<std::size_t>(inside.front() - '0');
    token.rightmost = std::min(kMostParts, token.rightmost * 10 + digit);
  }
  if (counted && token.rightmost == 0) return std::nullopt;
  if (!inside.empty() && ascii_lower(inside.front()) == 'r') {
    token.reversed = true;
    inside.remove_prefix(1);
  }
  if (inside.find_first_not_of(kDelimiters) != std::string_view::npos) return std::nullopt;
  token.delimiters = inside.empty() ? std::string(".") : std::string(inside);
  return token;
}

bool is_top_label(std::string_view label) {
  if (label.empty() || !std::all_of(label.begin(), label.end(),
                                    [](char c) { return is_alphanumeric(c) || c == '-'; })) {
    return false;
  }
  if (label.front() == '-' || label.back() == '-') return false;
  return !std::all_of(label.begin(), label.end(), is_digit);
}

// "…" "." toplabel [ "." ]
bool ends_in_top_label(std::string_view literal) {
  if (literal.ends_with('.')) literal.remove_suffix(1);
  const std::size_t dot = literal.rfind('.');
  return dot != std::string_view::npos && is_top_label(literal.substr(dot + 1));
}

// "2.0.0.1.0.d.b.8…": a hexadecimal digit a part.
std::string dotted(const IpAddress& address) {
  if (address.family() == IpAddress::Family::v4) return address.to_string();
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : address.bytes()) {
    if (!text.empty()) text += '.';
    text += kHex[octet >> 4U];
    text += '.';
    text += kHex[octet & 15U];
  }
  return text;
}

std::string value_of(const MacroToken& token, const MacroValues& values) {
  switch (token.letter) {
    case 's':
      return std::string(values.local) + "@" + std::string(values.sender_domain);
    case 'l':
      return std::string(values.local);
    case 'o':
      return std::string(values.sender_domain);
    case 'd':
      return std::string(values.domain);
    case 'i':
      return dotted(values.client);
    case 'p':
      return values.client_name ? values.client_name() : "unknown";
    case 'h':
      return std::string(values.helo);
    case 'v':
      return values.client.family() == IpAddress::Family::v4 ? "in-addr" : "ip6";
    default:  // c, r and t stand in explanations, which nobody asks us for
      return {};
  }
}

std::string transformed(const MacroToken& token, std::string_view value) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = value.find_first_of(token.delimiters, begin);
    parts.push_back(value.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  if (token.reversed) std::reverse(parts.begin(), parts.end());
  if (token.rightmost != 0 && parts.size() > token.rightmost) {
    parts.erase(parts.begin(), parts.end() - static_cast<std::ptrdiff_t>(token.rightmost));
  }
  std::string result;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) result += '.';
    result += parts[i];
  }
  return result;
}

std::string url_escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kUnreserved = "-._~";
  std::string result;
  for (const char c : text) {
    if (is_alphanumeric(c) || kUnreserved.find(c) != std::string_view::npos) {
      result += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    result += '%';
    result += kHex[octet >> 4U];
    result += kHex[octet & 15U];
  }
  return result;
}

}  // namespace

std::optional<MacroString> parse_macro_string(std::string_view text, MacroPlace place) {
  MacroString macro;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_visible(text[i])) return std::nullopt;
    if (text[i] != '%') {
      if (macro.empty() || macro.back().kind != MacroToken::Kind::literal) macro.emplace_back();
      macro.back().text += text[i];
      continue;
    }
    if (++i == text.size()) return std::nullopt;
    if (text[i] == '{') {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos) return std::nullopt;
      auto token = parse_letter(text.substr(i + 1, end - i - 1), place);
      if (!token) return std::nullopt;
      macro.push_back(std::move(*token));
      i = end;
      continue;
    }
    MacroToken escape;
    escape.kind = MacroToken::Kind::escape;
    if (text[i] == '%') {
      escape.text = "%";
    } else if (text[i] == '_') {
      escape.text = " ";
    } else if (text[i] == '-') {
      escape.text = "%20";
    } else {
      return std::nullopt;
    }
    macro.push_back(std::move(escape));
  }
  return macro;
}

std::optional<MacroString> parse_domain_spec(std::string_view text) {
  auto macro = parse_macro_string(text, MacroPlace::domain);
  if (!macro || macro->empty()) return std::nullopt;
  const auto& last = macro->back();
  if (last.kind == MacroToken::Kind::literal && !ends_in_top_label(last.text)) return std::nullopt;
  return macro;
}

std::string expand(const MacroString& macro, const MacroValues& values) {
  std::string result;
  for (const auto& token : macro) {
    if (token.kind != MacroToken::Kind::letter) {
      result += token.text;
      continue;
    }
    const std::string value = transformed(token, value_of(token, values));
    result += token.url_escaped ? url_escaped(value) : value;
  }
  return result;
}

std::string expand_to_name(const MacroString& macro, const MacroValues& values) {
  std::string name = expand(macro, values);
  if (name.ends_with('.')) name.pop_back();
  if (name.size() <= kLongestName) return name;
  // The first dot that leaves no more than fits behind it; without one there is no such name.
  const std::size_t dot = name.find('.', name.size() - kLongestName - 1);
  return dot == std::string::npos ? name : name.substr(dot + 1);
}

std::string reverse_name(const IpAddress& address) {
  const std::string forward = dotted(address);
  auto parts = split(forward, '.');
  std::reverse(parts.begin(), parts.end());
  std::string name;
  for (const auto part : parts) name += std::string(part) + ".";
  return name + (address.family() == IpAddress::Family::v4 ? "in-addr.arpa" : "ip6.arpa");
}

}  // namespace postern::spf
