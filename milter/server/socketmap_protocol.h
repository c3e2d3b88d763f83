// Purpose:   the bytes of the socketmap protocol: requests out of a stream, answers into one.
// Threading: pure functions.
// Failure:   a stream that is no socketmap request cannot be understood any further: FramingError.
// Source:    Postfix socketmap_table(5); netstrings: "<length>:<octets>,".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "route/route.h"

namespace postern::server {

struct Incomplete {};
struct FramingError {
  std::string_view why;
};
struct Request {
  std::string_view payload;  // points into the stream
  std::size_t consumed = 0;  // octets of the stream, framing included
};
using Framed = std::variant<Incomplete, FramingError, Request>;

// The first netstring of `stream`, whose content has at most `max_size` octets.
Framed next_request(std::string_view stream, std::size_t max_size);

// "<table> <key>"; the key may be empty (the null sender) and may hold blanks (quoted local parts).
struct Question {
  std::string_view table;
  std::string_view key;
};
std::optional<Question> parse_question(std::string_view payload);

// What Postfix accepts in one answer, its netstring framing not counted.
inline constexpr std::size_t kMaxReply = 100'000;

// The word of the answer for metrics ("ok", "notfound", "temp", "perm") and the netstring to send.
struct Reply {
  std::string_view word;
  std::string bytes;
};
Reply reply_for(const route::RouteAnswer& answer);
Reply permanent_reply(std::string_view why);
Reply temporary_reply(std::string_view why);

}  // namespace postern::server
