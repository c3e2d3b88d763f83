// Purpose:   a policy document written in YAML, as the JSON text every decoder expects.
// Threading: pure function.
// Failure:   a permanent Error that names the line. Refused: several documents in one text, duplicate
//            or non-scalar keys, merge keys, unknown tags, numbers that JSON cannot hold, and what
//            would grow past kMaxYamlNodes or kMaxYamlSize once aliases are expanded.
// Source:    YAML 1.2.2, chapter 10.3 (core schema): quoted scalars are strings, plain ones become
//            null, boolean, integer, float or string.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace postern::directory {

inline constexpr std::size_t kMaxYamlNodes = 100'000;
inline constexpr std::size_t kMaxYamlSize = std::size_t{16} << 20;

Result<std::string> yaml_to_json(std::string_view yaml);

}  // namespace postern::directory
