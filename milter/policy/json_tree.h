// Purpose:   a JSON text as a plain value tree that keeps the order of members, so that what we do
// not
//            know can be shown again as it came. Only json_tree.cc knows the JSON library.
// Ownership: a value.
// Failure:   parse_json answers a permanent Error with line and column; it never quotes the text,
// which
//            may be a private key.
// Source:    RFC 8259; bounds are ours: every document comes from outside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace postern::policy {

struct JsonMember;

struct Json {
  using Array = std::vector<Json>;
  using Object = std::vector<JsonMember>;
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      value;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
  // Nullptr: no object, or no such member.
  const Json* find(std::string_view name) const;
  Json* find(std::string_view name);
  // Replaces or appends; this must be an object.
  void set(std::string_view name, Json member);
};

struct JsonMember {
  std::string name;
  Json value;
};

inline constexpr std::size_t kMaxDocumentSize = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t kMaxDocumentDepth = 64;

// Refused: over 16 MiB, over 64 levels, a member twice in one object, NUL, invalid UTF-8.
Result<Json> parse_json(std::string_view text);

// Pretty, two blanks per level.
std::string dump_json(const Json& json);

// "an object", "a number", … for error texts.
std::string_view kind_of(const Json& json);

// Overwrites every text in the tree: it held a private key.
void wipe_texts(Json& json);

}  // namespace postern::policy
