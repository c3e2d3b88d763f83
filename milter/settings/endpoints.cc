#include "settings/endpoints.h"

#include <sys/un.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace postern::settings {
namespace {

constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un{}.sun_path) - 1;
constexpr std::size_t kMaxPath = 4095;

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  if (error != std::errc() || end != last || port == 0) return std::nullopt;
  return port;
}

// "[::1]:25" or "host:25"; the host without its brackets.
struct HostPort {
  std::string_view host;
  std::uint16_t port;
  bool bracketed;
};
std::optional<HostPort> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!port || host.empty()) return std::nullopt;
  return HostPort{host, *port, bracketed};
}

// Without the brackets and the tag that addresses wear in mail.
std::optional<IpAddress> parse_bare_address(std::string_view text) {
  if (text.starts_with('[') || starts_with_ignoring_case(text, "IPv6:")) return std::nullopt;
  return IpAddress::parse(text);
}

bool is_v6(std::string_view text) {
  return parse_bare_address(text) && text.find(':') != std::string_view::npos;
}

bool is_good(const std::optional<HostPort>& parts) {
  if (!parts) return false;
  return parts->bracketed ? is_v6(parts->host) : !check_host(parts->host) && !is_v6(parts->host);
}

Complaint complain_unless(bool good, const char* expected) {
  if (good) return std::nullopt;
  return std::string("must be ") + expected;
}

}  // namespace

Complaint check_path(std::string_view text) {
  if (!text.starts_with('/')) return "must be an absolute path";
  if (text.size() > kMaxPath) return "longer than a path may be";
  return std::nullopt;
}

Complaint check_socket_path(std::string_view text) {
  if (auto complaint = check_path(text)) return complaint;
  if (text.size() > kMaxSocketPath) {
    return "longer than the " + std::to_string(kMaxSocketPath) + " characters of a socket's path";
  }
  return std::nullopt;
}

Complaint check_domain(std::string_view text) {
  const char* const expected = "must be a domain name in ASCII (an international one as xn--...)";
  if (text.empty() || text.size() > 253) return expected;
  for (const std::string_view label : split(text, '.')) {
    const bool good = !label.empty() && label.size() <= 63 && is_alnum(label.front()) &&
                      is_alnum(label.back()) && std::all_of(label.begin(), label.end(), [](char c) {
                        return is_alnum(c) || c == '-' || c == '_';
                      });
    if (!good) return expected;
  }
  return std::nullopt;
}

Complaint check_host(std::string_view text) {
  if (parse_bare_address(text)) return std::nullopt;
  // Four numbers with dots would pass as a name, yet nobody means one.
  const bool numeric = text.find_first_not_of("0123456789.") == std::string_view::npos;
  return complain_unless(!numeric && !check_domain(text), "a host name or an IP address");
}

Complaint check_host_port(std::string_view text) {
  return complain_unless(is_good(split_host_port(text)), "host:port or [IPv6 address]:port");
}

Complaint check_endpoint(std::string_view text) {
  if (take(text, "unix:")) return check_socket_path(text);
  return complain_unless(is_good(split_host_port(text)),
                         "host:port, [IPv6 address]:port or unix:/path");
}

Complaint check_unix_listen(std::string_view text) {
  if (!take(text, "unix:")) return "must be unix:/path: passwords are told on this socket";
  return check_socket_path(text);
}

Complaint check_tables_listen(std::string_view text) {
  if (take(text, "unix:")) return check_socket_path(text);
  return complain_unless(take(text, "inet:") && is_good(split_host_port(text)),
                         "unix:/path or inet:host:port");
}

Complaint check_milter_listen(std::string_view text) {
  if (take(text, "unix:") || take(text, "local:")) return check_socket_path(text);
  const char* const expected = "inet:port@host, inet6:port@host or unix:/path";
  const bool v6 = text.starts_with("inet6:");
  if (!take(text, "inet6:") && !take(text, "inet:")) return complain_unless(false, expected);
  // Without a host libmilter listens on every address of the machine, to whoever comes: whoever
  // wants that says so with 0.0.0.0 or ::.
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || !parse_port(text.substr(0, at))) {
    return complain_unless(false, expected);
  }
  const std::string_view host = text.substr(at + 1);
  if (parse_bare_address(host) && is_v6(host) != v6) {
    return v6 ? "an IPv4 address after inet6:" : "an IPv6 address after inet: (inet6: is meant)";
  }
  return complain_unless(!check_host(host), expected);
}

Complaint check_lmtp_url(std::string_view text) {
  const char* const expected = "lmtp://host:port, lmtp://[IPv6 address]:port or lmtp:///path";
  if (!take(text, "lmtp://")) return complain_unless(false, expected);
  if (text.starts_with('/')) return check_socket_path(text);
  return complain_unless(is_good(split_host_port(text)), expected);
}

Complaint check_http_url(std::string_view text) {
  const char* const expected = "http://host[:port][/path], without user or password";
  if (!take(text, "http://")) return complain_unless(false, expected);
  const std::string_view authority = text.substr(0, text.find('/'));
  const bool printable_only =
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  const bool good = is_good(split_host_port(authority)) || !check_host(authority) ||
                    is_good(split_host_port(std::string(authority) + ":80"));
  return complain_unless(printable_only && good && !is_v6(authority), expected);
}

Complaint check_redis_url(std::string_view text) {
  const char* const expected =
      "redis://host[:port][/database]; user and password have keys of their own";
  if (!take(text, "redis://")) return complain_unless(false, expected);
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const std::string_view database = text.substr(slash + 1);
    const bool number =
        database.size() <= 5 && database.find_first_not_of("0123456789") == std::string_view::npos;
    if (!number) return complain_unless(false, expected);
    text = text.substr(0, slash);
  }
  const bool good = is_good(split_host_port(text)) || (!check_host(text) && !is_v6(text)) ||
                    is_good(split_host_port(std::string(text) + ":6379"));
  return complain_unless(good, expected);
}

Complaint check_header_name(std::string_view text) {
  const bool good =
      !text.empty() && text.size() <= 76 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != ':'; });
  return complain_unless(good, "the name of a header field, without the colon");
}

std::optional<DnsServer> parse_dns_server(std::string_view text) {
  if (const auto address = parse_bare_address(text)) return DnsServer{*address};
  const auto parts = split_host_port(text);
  if (!is_good(parts)) return std::nullopt;
  const auto address = parse_bare_address(parts->host);
  if (!address) return std::nullopt;
  return DnsServer{*address, parts->port};
}

std::string lmtp_endpoint(std::string_view url) {
  take(url, "lmtp://");
  return (url.starts_with('/') ? "unix:" : "") + std::string(url);
}

std::string socket_of(std::string_view listen) {
  if (listen.starts_with('/')) return "unix:" + std::string(listen);
  if (take(listen, "unix:") || take(listen, "local:")) return "unix:" + std::string(listen);
  if (!take(listen, "inet6:")) take(listen, "inet:");
  std::string host;
  std::string port;
  if (const std::size_t at = listen.find('@'); at != std::string_view::npos) {
    host = listen.substr(at + 1);
    port = listen.substr(0, at);
  } else if (const auto parts = split_host_port(listen)) {
    host = parts->host;
    port = std::to_string(parts->port);
  }
  const auto address = IpAddress::parse(host);
  return "inet:" + (address ? address->to_string() : ascii_lower(host)) + ":" + port;
}

}  // namespace postern::settings
