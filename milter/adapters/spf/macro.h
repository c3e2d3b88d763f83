// Purpose:   SPF's macro strings: reading them, and putting in what is known of a message.
// Ownership: a MacroString owns its text; MacroValues borrow for the call.
// Threading: pure functions.
// Failure:   nothing for what the grammar does not allow.
// Source:    RFC 7208 7.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"

namespace postern::spf {

struct MacroToken {
  enum class Kind : std::uint8_t { literal, escape, letter };
  Kind kind = Kind::literal;
  std::string text;  // of a literal, or what an escape stands for
  char letter = 0;   // lower case
  bool url_escaped = false;
  bool reversed = false;
  std::size_t rightmost = 0;  // 0: all parts
  std::string delimiters;
};
using MacroString = std::vector<MacroToken>;

// The letters c, r and t belong in explanations only.
enum class MacroPlace : std::uint8_t { domain, explanation };
std::optional<MacroString> parse_macro_string(std::string_view text, MacroPlace place);
// As above, and it ends as a name must: in a macro, or in a top label that is not a number.
std::optional<MacroString> parse_domain_spec(std::string_view text);

struct MacroValues {
  std::string_view local;          // of the sender
  std::string_view sender_domain;  // the sender's
  std::string_view domain;         // the one whose record is judged
  std::string_view helo;
  IpAddress client;
  // The client's validated name, or "unknown"; asked only where a record wants it.
  std::function<std::string()> client_name;
};

std::string expand(const MacroString& macro, const MacroValues& values);
// The name to ask the DNS for: without its last dot, cut to 253 octets from the left, label by label.
std::string expand_to_name(const MacroString& macro, const MacroValues& values);

// "1.2.0.192.in-addr.arpa" and the like.
std::string reverse_name(const IpAddress& address);

}  // namespace postern::spf
