#include "adapters/spf/record.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace postern::spf {
namespace {

constexpr std::string_view kVersion = "v=spf1";
constexpr std::size_t kShownTerm = 80;

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_character(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
}
bool is_visible(char c) { return c > ' ' && c <= '~'; }

Error fault(std::string_view term, const char* why) {
  return permanent_error("\"" + printable(term, kShownTerm) + "\": " + why);
}

// "0", or digits that do not begin with one.
std::optional<unsigned> parse_prefix(std::string_view digits, unsigned most) {
  unsigned length = 0;
  const auto* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, length);
  if (error != std::errc() || stopped != end || length > most) return std::nullopt;
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  return length;
}

// Takes `mark` and the digits behind it off the end of `text`: "a.got.com//64" and "//". Nothing where
// it does not end so.
std::optional<std::string_view> take_prefix(std::string_view& text, std::string_view mark) {
  std::size_t digits = text.size();
  while (digits > 0 && is_digit(text[digits - 1])) --digits;
  if (digits == text.size() || !text.substr(0, digits).ends_with(mark)) return std::nullopt;
  const std::string_view taken = text.substr(digits);
  text.remove_suffix(taken.size() + mark.size());
  return taken;
}

bool parse_dual_prefix(std::string_view& text, Mechanism& mechanism) {
  if (const auto digits = take_prefix(text, "//")) {
    const auto length = parse_prefix(*digits, 128);
    if (!length) return false;
    mechanism.prefix_v6 = *length;
  }
  if (const auto digits = take_prefix(text, "/")) {
    const auto length = parse_prefix(*digits, 32);
    if (!length) return false;
    mechanism.prefix_v4 = *length;
  }
  return true;
}

bool parse_ip4(std::string_view text, Mechanism& mechanism) {
  const auto digits = take_prefix(text, "/");
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return false;
  const auto address = IpAddress::parse(text);
  const auto length = digits ? parse_prefix(*digits, 32) : 32;
  if (!address || !length) return false;
  mechanism.network = IpNetwork(*address, *length);
  return true;
}

bool parse_ip6(std::string_view text, Mechanism& mechanism) {
  const auto digits = take_prefix(text, "/");
  if (text.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos ||
      text.find(':') == std::string_view::npos) {
    return false;
  }
  const auto address = IpAddress::parse(text);
  const auto length = digits ? parse_prefix(*digits, 128) : 128;
  if (!address || !length) return false;
  // ::ffff:192.0.2.1 was read as the IPv4 address it is, and those match ip4: only.
  if (address->family() == IpAddress::Family::v6) mechanism.network = IpNetwork(*address, *length);
  return true;
}

std::optional<MechanismKind> kind_named(std::string_view name) {
  struct Named {
    std::string_view name;
    MechanismKind kind;
  };
  constexpr Named kKinds[] = {
      {"all", MechanismKind::all}, {"include", MechanismKind::include}, {"a", MechanismKind::a},
      {"mx", MechanismKind::mx},   {"ptr", MechanismKind::ptr},         {"ip4", MechanismKind::ip4},
      {"ip6", MechanismKind::ip6}, {"exists", MechanismKind::exists},
  };
  for (const auto& one : kKinds) {
    if (equals_ignoring_case(one.name, name)) return one.kind;
  }
  return std::nullopt;
}

bool parse_domain(std::string_view argument, Mechanism& mechanism) {
  if (!argument.starts_with(':')) return false;
  mechanism.domain = parse_domain_spec(argument.substr(1));
  return mechanism.domain.has_value();
}

// `argument`: all that follows the name, its ':' or '/' included.
bool parse_argument(std::string_view argument, Mechanism& mechanism) {
  switch (mechanism.kind) {
    case MechanismKind::all:
      return argument.empty();
    case MechanismKind::include:
    case MechanismKind::exists:
      return parse_domain(argument, mechanism);
    case MechanismKind::ptr:
      return argument.empty() || parse_domain(argument, mechanism);
    case MechanismKind::a:
    case MechanismKind::mx:
      return parse_dual_prefix(argument, mechanism) &&
             (argument.empty() || parse_domain(argument, mechanism));
    case MechanismKind::ip4:
      return argument.starts_with(':') && parse_ip4(argument.substr(1), mechanism);
    case MechanismKind::ip6:
      return argument.starts_with(':') && parse_ip6(argument.substr(1), mechanism);
  }
  return false;
}

std::optional<Qualifier> qualifier_of(char c) {
  switch (c) {
    case '+':
      return Qualifier::pass;
    case '-':
      return Qualifier::fail;
    case '~':
      return Qualifier::softfail;
    case '?':
      return Qualifier::neutral;
    default:
      return std::nullopt;
  }
}

Result<Mechanism> parse_mechanism(std::string_view term) {
  Mechanism mechanism;
  mechanism.text = std::string(term);
  std::string_view rest = term;
  if (const auto qualifier = qualifier_of(rest.front())) {
    mechanism.qualifier = *qualifier;
    rest.remove_prefix(1);
  }
  const std::size_t end = std::min(rest.find_first_of(":/"), rest.size());
  const auto kind = kind_named(rest.substr(0, end));
  if (!kind) return fault(term, "no mechanism of SPF");
  mechanism.kind = *kind;
  if (!parse_argument(rest.substr(end), mechanism))
    return fault(term, "not a well-formed mechanism");
  return mechanism;
}

// The length of the name where the term is "name=…", else 0.
std::size_t modifier_name(std::string_view term) {
  if (!is_alpha(term.front())) return 0;
  const auto end = std::find_if_not(term.begin(), term.end(), is_name_character);
  return end != term.end() && *end == '=' ? static_cast<std::size_t>(end - term.begin()) : 0;
}

struct Modifiers {
  bool redirect = false;
  bool explanation = false;
};

std::optional<Error> parse_modifier(std::string_view term, std::size_t name_size, Record& record,
                                    Modifiers& seen) {
  const std::string_view name = term.substr(0, name_size);
  const std::string_view value = term.substr(name_size + 1);
  const bool is_redirect = equals_ignoring_case(name, "redirect");
  if (!is_redirect && !equals_ignoring_case(name, "exp")) {
    if (parse_macro_string(value, MacroPlace::explanation)) return std::nullopt;
    return fault(term, "not a well-formed modifier");
  }
  bool& already = is_redirect ? seen.redirect : seen.explanation;
  if (already) return fault(term, "a second one");
  already = true;
  auto domain = parse_domain_spec(value);
  if (!domain) return fault(term, "not a well-formed modifier");
  // An explanation changes no result and nobody shows one: it is only read.
  if (is_redirect) record.redirect = std::move(*domain);
  return std::nullopt;
}

}  // namespace

bool is_spf_record(std::string_view text) {
  return starts_with_ignoring_case(text, kVersion) &&
         (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

Result<Record> parse_record(std::string_view text) {
  if (!is_spf_record(text)) return permanent_error("not an SPF record");
  if (text.size() > kLongestRecord) {
    return permanent_error("the record has " + std::to_string(text.size()) + " octets");
  }
  Record record;
  Modifiers seen;
  for (const std::string_view term : split(text.substr(kVersion.size()), ' ')) {
    if (term.empty()) continue;
    if (!std::all_of(term.begin(), term.end(), is_visible)) {
      return fault(term, "octets that no record may have");
    }
    if (const std::size_t name_size = modifier_name(term)) {
      if (auto error = parse_modifier(term, name_size, record, seen)) return std::move(*error);
      continue;
    }
    auto mechanism = parse_mechanism(term);
    if (!mechanism) return mechanism.error();
    record.mechanisms.push_back(std::move(*mechanism));
  }
  return record;
}

}  // namespace postern::spf
