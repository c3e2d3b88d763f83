#include "base/bounce_address.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/base32.h"
#include "base/text.h"

namespace postern {
namespace {

constexpr std::size_t kMaxLocal = 64;
constexpr std::size_t kMaxDomain = 255;

struct Parts {
  std::string_view local;
  std::string_view domain;
};

std::optional<Parts> parts_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const Parts parts{address.substr(0, at), address.substr(at + 1)};
  if (parts.domain.empty() || parts.domain.size() > kMaxDomain) return std::nullopt;
  return parts;
}

std::int64_t day_of(WallTime time) {
  return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count();
}

Error too_long() { return permanent_error("the address would be longer than 64 octets"); }

// ---- b+<token>@<MAIL FROM domain> ----------------------------------------------------------------
//
// In the token: the last day it is good on (2 octets), how many labels of the domain come before the
// sender's domain (1), the MAC (8), the sender's local part. The sender's domain is not in it: it is
// the rest of the MAIL FROM domain.

constexpr std::string_view kBouncePurpose = "bounce-address";
constexpr std::string_view kBouncePrefix = "b+";
constexpr std::size_t kBounceMac = 8;
constexpr std::size_t kBounceHead = 3;
constexpr std::int64_t kLastDay = 0xffff;

// How many labels `domain` has before `parent`; 0: it does not lie below it.
std::size_t labels_below(std::string_view domain, std::string_view parent) {
  if (domain.size() < parent.size() + 2) return 0;
  const std::size_t dot = domain.size() - parent.size() - 1;
  if (domain[dot] != '.' || domain.substr(dot + 1) != parent) return 0;
  const std::string_view labels = domain.substr(0, dot);
  return static_cast<std::size_t>(std::count(labels.begin(), labels.end(), '.')) + 1;
}

std::string_view without_labels(std::string_view domain, std::size_t count) {
  for (; count > 0; --count) {
    const std::size_t dot = domain.find('.');
    if (dot == std::string_view::npos) return {};
    domain.remove_prefix(dot + 1);
  }
  return domain;
}

// ---- SRS0=<mac>=<day>=<domain>=<local>, SRS1=<mac>=<first forwarder>=<rest of its SRS0> ----------

constexpr std::string_view kSrs0Purpose = "srs0-address";
constexpr std::string_view kSrs1Purpose = "srs1-address";
constexpr std::size_t kSrsMac = 5;  // 8 characters, of the 64 there are for everything
constexpr std::size_t kTagSize = 4;
constexpr std::int64_t kDayCycle = 1024;  // two characters, as everywhere
constexpr std::string_view kSeparators = "=+-";

// "SRS0" with the separator behind it, which each forwarder chooses.
bool has_tag(std::string_view local, std::string_view tag) {
  return local.size() > kTagSize + 1 && starts_with_ignoring_case(local, tag) &&
         kSeparators.find(local[kTagSize]) != std::string_view::npos;
}

// A local part that needs no quotes: within quotes, "=" and the rest would have to be escaped.
bool is_plain_local(std::string_view local) {
  constexpr std::string_view kAtext = "!#$%&'*+-/=?^_`{|}~.";
  return !local.empty() && std::all_of(local.begin(), local.end(), [&](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           kAtext.find(c) != std::string_view::npos;
  });
}

bool is_plain_domain(std::string_view domain) {
  return !domain.empty() && std::all_of(domain.begin(), domain.end(), [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

std::string day_characters(std::int64_t day) {
  const auto in_cycle = static_cast<unsigned>(day % kDayCycle);
  // 10 bits at the front of two octets: the first two characters of their text.
  const std::string octets = {static_cast<char>(in_cycle >> 2U),
                              static_cast<char>((in_cycle & 3U) << 6U)};
  return to_base32(octets).substr(0, 2);
}

std::optional<std::int64_t> day_in_cycle(std::string_view characters) {
  if (characters.size() != 2) return std::nullopt;
  const auto octets = from_base32(std::string(characters) + "aa");
  if (!octets) return std::nullopt;
  return static_cast<std::int64_t>(static_cast<unsigned char>((*octets)[0])) << 2 |
         static_cast<unsigned char>((*octets)[1]) >> 6;
}

// Letters may change their case on the way, so the MAC does not look at it. The day is proven whole:
// an address does not come to life again when its two characters do.
std::vector<std::string> srs0_fields(std::string_view srs_domain, std::int64_t day,
                                     std::string_view domain, std::string_view local) {
  return {ascii_lower(srs_domain), std::to_string(day), ascii_lower(domain), ascii_lower(local)};
}

std::vector<std::string> srs1_fields(std::string_view srs_domain, std::string_view first,
                                     std::string_view rest) {
  return {ascii_lower(srs_domain), ascii_lower(first), ascii_lower(rest)};
}

Result<std::string> within_bounds(const std::string& local, std::string_view srs_domain) {
  if (local.size() > kMaxLocal) return too_long();
  return local + "@" + std::string(srs_domain);
}

// `rest` begins with the separator that the first forwarder wrote behind SRS0.
Result<std::string> make_srs1(std::string_view first, std::string_view rest,
                              std::string_view srs_domain, const std::vector<Secret>& keys) {
  const std::string mac =
      make_short_mac(kSrs1Purpose, srs1_fields(srs_domain, first, rest), kSrsMac, keys);
  return within_bounds(
      "SRS1=" + to_base32(mac) + "=" + std::string(first) + "=" + std::string(rest), srs_domain);
}

// The text up to the next "=", which is taken off `text` with it.
std::optional<std::string_view> take_field(std::string_view& text) {
  const std::size_t end = text.find('=');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end + 1);
  return field;
}

TokenAddress read_srs0(std::string_view text, std::string_view srs_domain, WallTime now,
                       const std::vector<Secret>& keys) {
  const auto mac_text = take_field(text);
  const auto day_text = take_field(text);
  const auto domain = take_field(text);
  if (!domain || !is_plain_domain(*domain) || !is_plain_local(text)) return {};
  const auto mac = from_base32(*mac_text);
  const auto in_cycle = day_in_cycle(*day_text);
  if (!mac || !in_cycle) return {};
  // The clock of the node that wrote it may be a day ahead of ours around midnight.
  const std::int64_t latest = day_of(now) + 1;
  const std::int64_t age = ((latest - *in_cycle) % kDayCycle + kDayCycle) % kDayCycle;
  const std::int64_t day = latest - age;
  if (!verify_short_mac(*mac, kSrs0Purpose, srs0_fields(srs_domain, day, *domain, text), kSrsMac,
                        keys)) {
    return {};
  }
  if (day + kBounceAddressLife.count() < day_of(now)) return {TokenVerdict::expired, ""};
  return {TokenVerdict::valid, std::string(text) + "@" + std::string(*domain)};
}

TokenAddress read_srs1(std::string_view text, std::string_view srs_domain,
                       const std::vector<Secret>& keys) {
  const auto mac_text = take_field(text);
  const auto first = take_field(text);
  if (!first || !is_plain_domain(*first) || !is_plain_local(text)) return {};
  const auto mac = from_base32(*mac_text);
  if (!mac) return {};
  if (!verify_short_mac(*mac, kSrs1Purpose, srs1_fields(srs_domain, *first, text), kSrsMac, keys)) {
    return {};
  }
  return {TokenVerdict::valid, "SRS0" + std::string(text) + "@" + std::string(*first)};
}

}  // namespace

Result<std::string> make_bounce_address(std::string_view sender, std::string_view mail_from_domain,
                                        WallTime now, const std::vector<Secret>& keys) {
  const auto parts = parts_of(sender);
  if (!parts) return permanent_error("the sender is not an address");
  const std::string domain = ascii_lower(mail_from_domain);
  const std::size_t labels = labels_below(domain, ascii_lower(parts->domain));
  if (labels == 0 || labels > 0xff || domain.size() > kMaxDomain) {
    return permanent_error("the MAIL FROM domain does not lie below the sender's domain");
  }
  const std::int64_t day = day_of(now + kBounceAddressLife);
  if (day < 0 || day > kLastDay) return permanent_error("the clock is far off");
  const std::string head = {static_cast<char>(day >> 8), static_cast<char>(day & 0xff),
                            static_cast<char>(labels)};
  const std::string mac =
      make_short_mac(kBouncePurpose, {domain, head, std::string(parts->local)}, kBounceMac, keys);
  const std::string local =
      std::string(kBouncePrefix) + to_base32(head + mac + std::string(parts->local));
  if (local.size() > kMaxLocal) return too_long();
  return local + "@" + domain;
}

TokenAddress read_bounce_address(std::string_view address, WallTime now,
                                 const std::vector<Secret>& keys) {
  const auto parts = parts_of(address);
  if (!parts || parts->local.size() > kMaxLocal ||
      !starts_with_ignoring_case(parts->local, kBouncePrefix)) {
    return {};
  }
  const auto octets = from_base32(parts->local.substr(kBouncePrefix.size()));
  if (!octets || octets->size() <= kBounceHead + kBounceMac) return {};
  const std::string domain = ascii_lower(parts->domain);
  const std::string head = octets->substr(0, kBounceHead);
  const std::string mac = octets->substr(kBounceHead, kBounceMac);
  const std::string local = octets->substr(kBounceHead + kBounceMac);
  if (!verify_short_mac(mac, kBouncePurpose, {domain, head, local}, kBounceMac, keys)) return {};
  const auto octet = [&head](std::size_t i) -> unsigned {
    return static_cast<unsigned char>(head[i]);
  };
  if (day_of(now) > static_cast<std::int64_t>(octet(0) << 8U | octet(1))) {
    return {TokenVerdict::expired, ""};
  }
  return {TokenVerdict::valid, local + "@" + std::string(without_labels(domain, octet(2)))};
}

Result<std::string> make_srs_address(std::string_view sender, std::string_view srs_domain,
                                     WallTime now, const std::vector<Secret>& keys) {
  if (sender.empty()) return std::string();
  const auto parts = parts_of(sender);
  if (!parts || !is_plain_local(parts->local) || !is_plain_domain(parts->domain)) {
    return permanent_error("the sender cannot be written within another address");
  }
  if (equals_ignoring_case(parts->domain, srs_domain)) return std::string(sender);
  if (has_tag(parts->local, "SRS0")) {
    return make_srs1(parts->domain, parts->local.substr(kTagSize), srs_domain, keys);
  }
  if (has_tag(parts->local, "SRS1")) {
    std::string_view rest = parts->local.substr(kTagSize + 1);
    const auto their_mac = take_field(rest);
    const auto first = take_field(rest);
    if (their_mac && first && is_plain_domain(*first) && !rest.empty() &&
        kSeparators.find(rest.front()) != std::string_view::npos) {
      return make_srs1(*first, rest, srs_domain, keys);
    }
    // It only looks like one: a sender like any other.
  }
  const std::int64_t day = day_of(now);
  if (day < 0) return permanent_error("the clock is far off");
  const std::string mac = make_short_mac(
      kSrs0Purpose, srs0_fields(srs_domain, day, parts->domain, parts->local), kSrsMac, keys);
  return within_bounds("SRS0=" + to_base32(mac) + "=" + day_characters(day) + "=" +
                           std::string(parts->domain) + "=" + std::string(parts->local),
                       srs_domain);
}

TokenAddress read_srs_address(std::string_view address, WallTime now,
                              const std::vector<Secret>& keys) {
  const auto parts = parts_of(address);
  if (!parts || parts->local.size() > kMaxLocal) return {};
  // Ours are written with "=" alone.
  const std::string_view text = parts->local.substr(std::min(kTagSize + 1, parts->local.size()));
  if (starts_with_ignoring_case(parts->local, "SRS0=")) {
    return read_srs0(text, parts->domain, now, keys);
  }
  if (starts_with_ignoring_case(parts->local, "SRS1=")) {
    return read_srs1(text, parts->domain, keys);
  }
  return {};
}

}  // namespace postern
