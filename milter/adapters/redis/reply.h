// Purpose:   a Redis server's answer as a value, and its errors as Errors.
// Threading: like any value.
// Failure:   an answer of another shape than expected is an Error that names the command.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace postern::redis {

struct Reply {
  enum class Kind { nil, integer, text, error, array };
  Kind kind = Kind::nil;
  std::int64_t integer = 0;
  std::string text;  // of a text or an error
  std::vector<Reply> items;

  bool is_error(std::string_view code) const {
    return kind == Kind::error && text.starts_with(code);
  }
};

// What the server said, safe for people's eyes and logs.
Error error_of(std::string_view command, const Reply& reply);
// As error_of(), but only the error's code: a server that does not know AUTH repeats its arguments.
Error secret_error_of(std::string_view command, const Reply& reply);
// Success, or an Error where the answer is not of this kind.
Status expect(std::string_view command, const Reply& reply, Reply::Kind kind);

}  // namespace postern::redis
