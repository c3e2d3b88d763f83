#include "adapters/spf2/record_guard.h"

#include <algorithm>
#include <initializer_list>

#include "base/text.h"

namespace postern::spf2 {
namespace {

constexpr std::string_view kVersion = "v=spf1";
constexpr std::string_view kRedirect = "redirect=";

bool is_visible(char c) { return c > ' ' && c <= '~'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The library takes a lone "%" for itself.
bool has_wrong_escape(std::string_view term) {
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (term[i] != '%') continue;
    if (++i == term.size() || std::string_view("{%_-").find(term[i]) == std::string_view::npos) {
      return true;
    }
  }
  return false;
}

// "%{d2}": where there are just as many parts, the library loses the first octet, and what it then
// asks for is somebody else's name.
bool has_counted_macro(std::string_view term) {
  for (std::size_t at = term.find("%{"); at != std::string_view::npos;
       at = term.find("%{", at + 2)) {
    if (at + 3 < term.size() && is_digit(term[at + 3])) return true;
  }
  return false;
}

// "/032" and "/00", which the library counts like any number; only so at the end of a term.
bool has_padded_prefix(std::string_view term) {
  while (!term.empty() && is_digit(term.back())) {
    const std::size_t slash = term.find_last_not_of("0123456789");
    if (slash == std::string_view::npos || term[slash] != '/') return false;
    const std::string_view digits = term.substr(slash + 1);
    if (digits.size() > 3 || (digits.size() > 1 && digits.front() == '0')) return true;
    term = term.substr(0, slash);
    if (term.ends_with('/')) term.remove_suffix(1);
  }
  return false;
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
}

// "…/24//64"
std::string_view without_prefixes(std::string_view text) {
  for (int i = 0; i < 2; ++i) {
    const std::size_t last = text.find_last_not_of("0123456789");
    if (last == std::string_view::npos || last + 1 == text.size() || text[last] != '/') break;
    text = text.substr(0, last);
    if (text.ends_with('/')) text.remove_suffix(1);
  }
  return text;
}

// A name that a term gives ends in a macro, or in a label that can be a top one.
bool ends_like_a_name(std::string_view name) {
  if (name.ends_with('}') || name.ends_with("%%") || name.ends_with("%_") || name.ends_with("%-")) {
    return true;
  }
  if (name.ends_with('.')) name.remove_suffix(1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string_view label = name.substr(dot + 1);
  return !label.empty() && label.front() != '-' && label.back() != '-' &&
         !std::all_of(label.begin(), label.end(), is_digit) &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view one) { return equals_ignoring_case(one, name); });
}

// What the library would take where RFC 7208 has no such term. Nullptr: nothing.
const char* fault_of(std::string_view term) {
  if (term.size() > kLongestTerm) return "a term is too long for libspf2";
  if (!std::all_of(term.begin(), term.end(), is_visible)) return "octets that no record may have";
  if (has_wrong_escape(term)) return "a percent sign that begins no macro";
  if (has_counted_macro(term)) return "libspf2 miscounts the parts of a macro";
  if (has_padded_prefix(term)) return "a prefix length with a zero before it";
  const bool is_qualified = std::string_view("+-~?").find(term.front()) != std::string_view::npos;
  const std::string_view bare = is_qualified ? term.substr(1) : term;
  const std::size_t end = std::min(bare.find_first_of(":=/"), bare.size());
  const std::string_view name = bare.substr(0, end);
  const bool is_modifier = end < bare.size() && bare[end] == '=';
  if (is_one_of(name, {"redirect", "exp"})) {
    if (!is_modifier || is_qualified) return "a modifier is no mechanism";
    return ends_like_a_name(bare.substr(end + 1)) ? nullptr : "not a name";
  }
  if (is_modifier || end == bare.size() || bare[end] != ':') return nullptr;
  std::string_view value = bare.substr(end + 1);
  if (is_one_of(name, {"a", "mx"})) value = without_prefixes(value);
  if (is_one_of(name, {"a", "mx", "ptr", "include", "exists"}) && !ends_like_a_name(value)) {
    return "not a name";
  }
  return nullptr;
}

}  // namespace

bool is_spf_record(std::string_view text) {
  return starts_with_ignoring_case(text, kVersion) &&
         (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

Result<GuardedRecord> guard(std::string_view text) {
  if (text.size() > kLongestRecord) return permanent_error("the record is too long for libspf2");
  GuardedRecord guarded{std::string(kVersion)};
  std::string redirect;
  for (const std::string_view term : split(text.substr(kVersion.size()), ' ')) {
    if (term.empty()) continue;
    if (const char* const fault = fault_of(term)) return permanent_error(fault);
    ++guarded.terms;
    if (starts_with_ignoring_case(term, kRedirect)) {
      if (!redirect.empty()) return permanent_error("a second redirect");
      redirect = " " + std::string(term);
    } else {
      guarded.text += " " + std::string(term);
    }
  }
  guarded.text += redirect;
  return guarded;
}

std::string harmless(std::string_view text, std::size_t most) { return printable(text, most); }

}  // namespace postern::spf2
