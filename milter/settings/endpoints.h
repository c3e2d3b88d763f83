// Purpose:   is a text that names a socket, a host or a file one that can be meant? Asked when the
//            configuration is read, so that a slip is found there and not at the first message.
// Threading: pure functions; no name is resolved, no file looked for.
// Failure:   each answers nothing when the text is good, else what is wrong with it. Texts that
// might
//            hold a password are not repeated.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "settings/settings.h"

namespace postern::settings {

using Complaint = std::optional<std::string>;

Complaint check_milter_listen(
    std::string_view text);  // inet:port@host inet6: unix:/path local:/path
Complaint check_tables_listen(std::string_view text);  // unix:/path inet:host:port
Complaint check_unix_listen(std::string_view text);    // unix:/path
Complaint check_host_port(std::string_view text);      // host:port [v6]:port
Complaint check_endpoint(std::string_view text);       // host:port [v6]:port unix:/path
Complaint check_lmtp_url(std::string_view text);       // lmtp://host:port lmtp:///path
Complaint check_http_url(std::string_view text);       // http://host[:port][/path]
Complaint check_redis_url(std::string_view text);      // redis://host[:port][/number]
Complaint check_host(std::string_view text);           // a name or an address
Complaint check_domain(std::string_view text);         // a name: letters, digits, hyphens, dots
Complaint check_path(std::string_view text);           // absolute
Complaint check_socket_path(
    std::string_view text);  // absolute, and no longer than a socket's may be
Complaint check_header_name(std::string_view text);  // RFC 5322 3.6.8

std::optional<DnsServer> parse_dns_server(std::string_view text);  // address[:port] [v6]:port

// What an lmtp URL that passed its check means, as an endpoint is written: host:port or unix:/path.
std::string lmtp_endpoint(std::string_view url);

// What a listening text occupies, in one spelling: "unix:/path" or "inet:host:port". For texts that
// passed their check.
std::string socket_of(std::string_view listen);

}  // namespace postern::settings
