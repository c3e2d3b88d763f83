#include "adapters/redis/reply.h"

#include <algorithm>

#include "base/text.h"

namespace postern::redis {

Error error_of(std::string_view command, const Reply& reply) {
  const std::string said = reply.kind == Reply::Kind::error ? printable(reply.text, 200)
                                                            : "an answer of an unexpected kind";
  return temporary_error("redis " + std::string(command) + ": " + said);
}

Error secret_error_of(std::string_view command, const Reply& reply) {
  const std::string_view text = reply.text;
  const std::string_view code = text.substr(0, text.find(' '));
  const bool is_code = reply.kind == Reply::Kind::error && !code.empty() && code.size() <= 20 &&
                       std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
  return temporary_error("redis " + std::string(command) + ": refused" +
                         (is_code ? " (" + std::string(code) + ")" : ""));
}

Status expect(std::string_view command, const Reply& reply, Reply::Kind kind) {
  if (reply.kind == kind) return success();
  return error_of(command, reply);
}

}  // namespace postern::redis
