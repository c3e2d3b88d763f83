#include "mail/domain_name.h"

#include <idn2.h>

#include <algorithm>
#include <memory>

#include "base/ip.h"
#include "base/text.h"

namespace postern::mail {
namespace {

constexpr std::size_t kLongestDomain = 253;
constexpr std::size_t kLongestLabel = 63;

bool is_domain_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' &&
         label.back() != '-' && std::all_of(label.begin(), label.end(), is_domain_character);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

// Non-transitional IDNA 2008 with the compatibility mapping that registries and MUAs apply first.
std::optional<std::string> convert_idna(const std::string& domain) {
  char* converted = nullptr;
  const int failed =
      idn2_to_ascii_8z(domain.c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (failed != IDN2_OK) return std::nullopt;
  const std::unique_ptr<char, decltype(&idn2_free)> owned(converted, &idn2_free);
  return std::string(converted);
}

// "[192.0.2.1]", "[IPv6:2001:db8::1]": compared in one spelling.
std::optional<std::string> address_literal(std::string_view domain) {
  const auto address = IpAddress::parse(domain);
  if (!address) return std::nullopt;
  const std::string_view tag = address->family() == IpAddress::Family::v6 ? "IPv6:" : "";
  return "[" + std::string(tag) + address->to_string() + "]";
}

}  // namespace

std::optional<std::string> to_a_label(std::string_view domain) {
  if (domain.size() > 4 * kLongestDomain) return std::nullopt;  // before any work on hostile input
  if (domain.find('\0') != std::string_view::npos) return std::nullopt;
  if (domain.starts_with('[') && domain.ends_with(']')) return address_literal(domain);
  if (domain.ends_with('.')) domain.remove_suffix(1);

  std::string lowered = ascii_lower(domain);
  if (!is_ascii(lowered)) {
    auto converted = convert_idna(lowered);
    if (!converted) return std::nullopt;
    lowered = ascii_lower(*converted);
  }
  if (lowered.empty() || lowered.size() > kLongestDomain) return std::nullopt;
  const auto labels = split(lowered, '.');
  if (!std::all_of(labels.begin(), labels.end(), is_label)) return std::nullopt;
  return lowered;
}

}  // namespace postern::mail
