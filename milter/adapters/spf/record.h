// Purpose:   an SPF record, read whole before anything of it is judged: a fault anywhere in it is a
//            fault of all of it.
// Ownership: values.
// Threading: pure functions.
// Failure:   a permanent Error naming the term.
// Source:    RFC 7208 3, 4.5, 4.6, 5, 6, 12.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/spf/macro.h"
#include "base/ip.h"
#include "base/result.h"

namespace postern::spf {

// Far above what any domain publishes (RFC 7208 3.4 asks for 450): a bound for the work.
inline constexpr std::size_t kLongestRecord = 8192;

enum class Qualifier : std::uint8_t { pass, fail, softfail, neutral };
enum class MechanismKind : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct Mechanism {
  Qualifier qualifier = Qualifier::pass;
  MechanismKind kind = MechanismKind::all;
  std::optional<MacroString> domain;  // nothing: the current one
  unsigned prefix_v4 = 32;            // a, mx
  unsigned prefix_v6 = 128;
  std::optional<IpNetwork> network;  // ip4, ip6; nothing: one that no client is in
  std::string text;                  // as published, for people
};

struct Record {
  std::vector<Mechanism> mechanisms;
  std::optional<MacroString> redirect;
};

// "v=spf1", in any case, and then a space or nothing.
bool is_spf_record(std::string_view text);
Result<Record> parse_record(std::string_view text);

}  // namespace postern::spf
