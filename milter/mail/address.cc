#include "mail/address.h"

#include <algorithm>

#include "base/text.h"
#include "mail/domain_name.h"

namespace postern::mail {
namespace {

// RFC 5321 4.5.3.1 says 64 and 255, and asks nobody to refuse more: whoever exceeds them must not
// thereby become nobody, whom no rule names.
constexpr std::size_t kLongestLocal = 512;
constexpr std::size_t kLongestAddress = 1'000;

// RFC 5321 Dot-string characters, and whatever RFC 6531 adds above ASCII.
bool is_atom_character(char c) {
  constexpr std::string_view kSpecial = "!#$%&'*+-/=?^_`{|}~";
  return c < 0 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kSpecial.find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view local) {
  const auto atoms = split(local, '.');
  return std::all_of(atoms.begin(), atoms.end(), [](std::string_view atom) {
    return !atom.empty() && std::all_of(atom.begin(), atom.end(), is_atom_character);
  });
}

// NUL, CR and LF could smuggle a second command or cut a key short.
bool is_forbidden(char c) { return c == '\0' || c == '\r' || c == '\n'; }

struct Split {
  std::string local;
  std::string_view domain;
};

// "\"a\\\"b\"@d": the quoted string ends at the first quote that is not escaped.
std::optional<Split> split_quoted(std::string_view text) {
  Split parts;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      parts.local += text[++i];
    } else if (text[i] == '"') {
      if (i + 1 >= text.size() || text[i + 1] != '@') return std::nullopt;
      parts.domain = text.substr(i + 2);
      return parts;
    } else {
      parts.local += text[i];
    }
  }
  return std::nullopt;
}

// A local part that is not quoted need not be a Dot-string: Postfix accepts "a..b@d" and hands it
// on.
std::optional<Split> split_plain(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  return Split{std::string(text.substr(0, at)), text.substr(at + 1)};
}

std::string quoted(std::string_view local) {
  std::string result = "\"";
  for (const char c : local) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text) {
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>') {
    text = text.substr(1, text.size() - 2);
  }
  // A source route ("@relay:user@domain") names nobody else than the mailbox behind the colon.
  if (text.starts_with('@')) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    text.remove_prefix(colon + 1);
  }
  if (text.size() > 2 * kLongestAddress) return std::nullopt;
  const auto parts = text.starts_with('"') ? split_quoted(text) : split_plain(text);
  if (!parts || parts->local.empty() || parts->local.size() > kLongestLocal) return std::nullopt;
  if (std::any_of(parts->local.begin(), parts->local.end(), is_forbidden)) return std::nullopt;
  auto domain = to_a_label(parts->domain);
  if (!domain || parts->local.size() + 1 + domain->size() > kLongestAddress) return std::nullopt;
  return Address(parts->local, std::move(*domain));
}

std::string Address::key() const { return ascii_lower(local_) + "@" + domain_; }

std::string Address::key_without_extension(std::string_view delimiters) const {
  const std::size_t cut =
      delimiters.empty() ? std::string::npos : local_.find_first_of(delimiters, 1);
  return ascii_lower(std::string_view(local_).substr(0, cut)) + "@" + domain_;
}

std::string Address::to_string() const {
  return (is_dot_string(local_) ? local_ : quoted(local_)) + "@" + domain_;
}

Address Address::in_domain(std::string a_label) const {
  return Address(local_, std::move(a_label));
}

Address Address::with_local(std::string local) const { return Address(std::move(local), domain_); }

}  // namespace postern::mail
