// Purpose:   names that may be asked for, and what a DNS message answers.
// Ownership: values; borrows the octets for the call.
// Threading: pure functions.
// Failure:   a temporary Error for a message that cannot be read, makes no sense or is too much.
//            Names in an answer that no question could be made of are left out.
// Source:    RFC 1035, RFC 2308 (negative answers), RFC 7505 (null MX).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/dns/timed_resolver.h"

namespace postern::dns {

inline constexpr std::size_t kMostRecords = 1000;

std::string_view to_string(ports::DnsType type);
std::uint16_t wire_type(ports::DnsType type);

// At most 253 octets in labels of 1 to 63, printable ASCII only: what else somebody has put together
// is nobody's name and is never sent.
bool can_be_asked(std::string_view name);
// For a log or an error: "got.com TXT".
std::string describe(std::string_view name, ports::DnsType type);

struct Reading {
  TimedAnswer timed;
  // The name is an alias of this one, of which the message says nothing: to be asked next.
  std::optional<std::string> alias;
};
Result<Reading> read_message(const std::vector<std::uint8_t>& message, std::string_view name,
                             ports::DnsType type);

}  // namespace postern::dns
