#include "content/url_host.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "base/text.h"
#include "content/charset.h"
#include "mail/domain_name.h"

namespace postern::content {
namespace {

constexpr std::size_t kLongestAuthority = 2'048;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}
bool is_eight_bit(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }
bool is_host_character(char c) {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '%' || is_eight_bit(c);
}

// What ends the authority in a text.
constexpr std::array<bool, 256> make_ends() {
  std::array<bool, 256> ends{};
  for (std::size_t i = 0; i <= 0x20; ++i) ends[i] = true;
  for (const char c : {'/', '\\', '?', '#', '"', '<', '>', '`', '\x7f'}) {
    ends[static_cast<unsigned char>(c)] = true;
  }
  return ends;
}
constexpr auto kEnds = make_ends();

std::string_view authority_at(std::string_view text, std::size_t most) {
  most = std::min(text.size(), most);
  std::size_t size = 0;
  while (size < most && !kEnds[static_cast<unsigned char>(text[size])]) ++size;
  return text.substr(0, size);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

// "10", "012", "0xA": as inet_aton(3) and browsers read it.
std::optional<std::uint64_t> ipv4_number(std::string_view text) {
  unsigned base = 10;
  if (starts_with_ignoring_case(text, "0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  } else if (text.empty()) {
    return std::nullopt;
  }
  std::uint64_t value = 0;
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0 || digit >= static_cast<int>(base)) return std::nullopt;
    value = value * base + static_cast<std::uint64_t>(digit);
    if (value > 0xffffffffULL) return std::nullopt;
  }
  return value;
}

bool ends_in_number(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);  // npos + 1 is 0
  if (last.empty()) return false;
  const bool all_digits =
      std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
  return all_digits || (starts_with_ignoring_case(last, "0x") && ipv4_number(last));
}

std::optional<std::string> ipv4_address(std::string_view host) {
  const auto parts = split(host, '.');
  if (parts.size() > 4) return std::nullopt;
  std::uint64_t address = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = ipv4_number(parts[i]);
    if (!number) return std::nullopt;
    const bool last = i + 1 == parts.size();
    const std::uint64_t most = last ? 0xffffffffULL >> (8 * i) : 0xff;
    if (*number > most) return std::nullopt;
    address |= last ? *number : *number << (24 - 8 * i);
  }
  std::string text;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    text += std::to_string(address >> shift & 0xffU);
    if (shift != 0) text += '.';
  }
  return text;
}

std::string_view last_labels(std::string_view host, int labels) {
  std::size_t at = host.size();
  for (; labels > 0 && at != std::string_view::npos && at > 0; --labels)
    at = host.rfind('.', at - 1);
  return at == std::string_view::npos || at == 0 ? host : host.substr(at + 1);
}

std::optional<std::string> domain_host(std::string_view host) {
  auto domain = mail::to_a_label(host);
  // An emoji, say, is no domain to IDNA, but the domain above it is one that a rule can name.
  constexpr int kMostLabels = 5;
  if (!domain) host = last_labels(host, kMostLabels);
  while (!domain) {
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    host.remove_prefix(dot + 1);
    domain = mail::to_a_label(host);
  }
  if (domain->find('.') == std::string::npos) return std::nullopt;
  return domain;
}

std::optional<std::string> host_of_name(std::string host) {
  while (host.ends_with('.')) host.pop_back();
  if (host.empty() || host.size() > kLongestAuthority) return std::nullopt;
  if (ends_in_number(host)) return ipv4_address(host);
  return domain_host(host);
}

bool is_web_scheme(std::string_view scheme) {
  for (const std::string_view known : {"http", "https", "ftp", "ws", "wss"}) {
    if (equals_ignoring_case(scheme, known)) return true;
  }
  return false;
}

// Whether "index.html" is a file beside the page rather than a host.
bool is_file_ending(std::string_view label) {
  for (const std::string_view known :
       {"html", "htm",  "php", "asp", "aspx", "jsp", "cgi", "png", "jpg",  "jpeg", "gif",
        "svg",  "webp", "css", "js",  "pdf",  "txt", "xml", "doc", "docx", "xls",  "xlsx"}) {
    if (equals_ignoring_case(label, known)) return true;
  }
  return false;
}

// href="example.com/x": a path to browsers, a link to several mail programs.
std::optional<std::string> host_without_scheme(std::string_view url) {
  const std::string_view name = url.substr(0, url.find_first_of("/\\?#:"));
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return std::nullopt;
  const std::string_view last = name.substr(dot + 1);
  if (last.size() < 2 || is_file_ending(last)) return std::nullopt;
  if (!std::all_of(name.begin(), name.end(), is_host_character)) return std::nullopt;
  const bool is_name = std::all_of(last.begin(), last.end(), [](char c) {
    return is_eight_bit(c) || c == '-' || is_alphanumeric(c);
  });
  if (!is_name || ends_in_number(name)) return std::nullopt;
  return host_of_authority(name);
}

// The host of an authority that stands in running text, where what follows may be stuck to it.
bool offer_text_host(std::string_view authority, const HostSink& sink) {
  authority = authority.substr(std::min(authority.rfind('@') + 1, authority.size()));
  if (!authority.starts_with('[')) {
    const auto end = std::find_if_not(authority.begin(), authority.end(), is_host_character);
    authority = authority.substr(0, static_cast<std::size_t>(end - authority.begin()));
  }
  if (!sink(host_of_authority(authority))) return false;
  // "http://example.com」": the last label of a domain seldom is of two scripts.
  const auto stuck = std::find_if(authority.begin(), authority.end(), is_eight_bit);
  const auto ascii = authority.substr(0, static_cast<std::size_t>(stuck - authority.begin()));
  const std::size_t dot = authority.rfind('.');
  if (stuck == authority.end() || dot == std::string_view::npos || dot > ascii.size()) return true;
  return sink(host_of_authority(ascii));
}

bool follows_web_scheme(std::string_view before) {
  std::size_t letters = 0;
  while (letters < std::min<std::size_t>(before.size(), 5) &&
         is_alphanumeric(before[before.size() - 1 - letters])) {
    ++letters;
  }
  for (const std::size_t size : {5U, 4U, 3U}) {
    if (size <= letters && is_web_scheme(before.substr(before.size() - size))) return true;
  }
  return false;
}

bool is_www(std::string_view text, std::size_t dot) {
  if (dot < 3 || !equals_ignoring_case(text.substr(dot - 3, 3), "www")) return false;
  if (dot == 3) return true;
  const char before = text[dot - 4];
  return !is_alphanumeric(before) && before != '-' && before != '_' && before != '@' &&
         before != '/' && before != '.' && before != '%';
}

}  // namespace

std::optional<std::string> host_of_authority(std::string_view authority) {
  authority = authority.substr(std::min(authority.rfind('@') + 1, authority.size()));
  if (authority.size() > kLongestAuthority) return std::nullopt;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const auto address = IpAddress::parse(authority.substr(1, close - 1));
    return address ? std::optional(address->to_string()) : std::nullopt;
  }
  return host_of_name(percent_decoded(authority.substr(0, authority.find(':'))));
}

std::optional<std::string> host_of_url(std::string_view raw) {
  std::string url;
  for (const char c : raw) {  // a user may be of any length
    if (c == '\t' || c == '\r' || c == '\n') continue;
    if (url.empty() && static_cast<unsigned char>(c) <= 0x20) continue;
    url += c;
  }
  std::string_view rest = url;
  const std::size_t colon = rest.find_first_of(":/\\?#");
  const bool has_scheme = colon != std::string_view::npos && rest[colon] == ':';
  if (has_scheme && is_web_scheme(rest.substr(0, colon))) {
    rest.remove_prefix(colon + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of("/\\"), rest.size()));
  } else if (rest.size() > 2 && (rest[0] == '/' || rest[0] == '\\') &&
             (rest[1] == '/' || rest[1] == '\\')) {
    rest.remove_prefix(std::min(rest.find_first_not_of("/\\"), rest.size()));
  } else {
    return host_without_scheme(rest);
  }
  return host_of_authority(rest.substr(0, rest.find_first_of("/\\?#")));
}

bool scan_text(std::string_view text, bool skip_references, const HostSink& sink) {
  const auto offer = [&](std::size_t from, std::size_t most) {
    const std::string_view authority = authority_at(text.substr(from), most);
    if (skip_references && authority.find('&') != std::string_view::npos) return true;
    return offer_text_host(authority, sink);
  };
  // No two of these overlap, because a slash ends them: they may have a user of any length.
  for (std::size_t at = text.find(':'); at != std::string_view::npos; at = text.find(':', at + 1)) {
    if (text.size() - at > 3 && text[at + 1] == '/' && text[at + 2] == '/' &&
        follows_web_scheme(text.substr(0, at)) && !offer(at + 3, text.size())) {
      return false;
    }
  }
  for (std::size_t at = text.find('.'); at != std::string_view::npos; at = text.find('.', at + 1)) {
    if (is_www(text, at) && !offer(at - 3, kLongestAuthority)) return false;
  }
  return true;
}

}  // namespace postern::content
