// Purpose:   a YAML text as a plain tree that remembers its lines, so that one file alone knows the
//            YAML library and every fault can say where it is.
// Ownership: a node owns what is below it.
// Threading: like any value.
// Failure:   a Fault with the line; a text that is too large, too deep or that multiplies by
// aliases
//            is refused as a whole.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "settings/fault.h"

namespace postern::settings {

struct Node {
  enum class Kind { nothing, scalar, list, map };
  struct Member;

  Kind kind = Kind::nothing;
  unsigned line = 0;            // 1 is the first
  std::string text;             // of a scalar
  std::vector<Node> items;      // of a list
  std::vector<Member> members;  // of a map, in the order of the file, duplicates included
};
struct Node::Member {
  std::string key;
  unsigned line = 0;
  Node value;
};

inline constexpr std::size_t kMaxFileSize = 1024UL * 1024;

// An empty text is an empty map.
std::variant<Node, Fault> parse_tree(const std::string& text, const std::string& file);

}  // namespace postern::settings
