// Purpose:   the host of a URL as a browser or a mail program would read it, in the one form hosts
//            are compared in.
// Threading: pure functions.
// Failure:   nothing for what names no host that a rule could name: no dot, no domain, no address.
// Source:    WHATWG URL 4.4 (user, backslashes, tabs, percent-encoding, numbers as addresses);
//            RFC 3986 3.2.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace postern::content {

// Takes what a candidate came to, nothing where it was no host; false: no more are wanted.
using HostSink = std::function<bool(std::optional<std::string> host)>;

// "user@Example.COM.:80" -> "example.com"; "0x7f.1" -> "127.0.0.1"; "[2001:DB8::1]" ->
// "2001:db8::1". Of a name that is no domain as a whole, what is one at its end.
std::optional<std::string> host_of_authority(std::string_view authority);

// The value of an attribute that holds a URL, its character references undone.
std::optional<std::string> host_of_url(std::string_view url);

// The hosts of what mail programs make links of in a text: http://, https://, ftp:// and www. names.
// skip_references: an authority with a "&" in it is left to somebody who undoes them.
bool scan_text(std::string_view text, bool skip_references, const HostSink& sink);

}  // namespace postern::content
