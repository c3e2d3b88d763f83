#include "server/socketmap_protocol.h"

#include <algorithm>

#include "base/result.h"
#include "base/text.h"

namespace postern::server {
namespace {

constexpr std::size_t kMaxLengthDigits = 6;  // a longer length is over every limit
constexpr std::size_t kMaxReason = 300;

Reply framed(std::string_view word, std::string_view status, std::string_view text) {
  std::string payload;
  payload.reserve(status.size() + 1 + text.size());
  payload.append(status).append(" ").append(text);
  return {word, std::to_string(payload.size()) + ":" + payload + ","};
}

// Postfix ends a value at NUL and hands line ends on into whatever is made of it.
bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet == 0x7f;
  });
}

}  // namespace

Framed next_request(std::string_view stream, std::size_t max_size) {
  std::size_t length = 0;
  std::size_t at = 0;
  for (; at < stream.size() && stream[at] != ':'; ++at) {
    if (stream[at] < '0' || stream[at] > '9') return FramingError{"a length is digits"};
    if (at == kMaxLengthDigits) return FramingError{"the length is too long"};
    length = length * 10 + static_cast<std::size_t>(stream[at] - '0');
  }
  if (length > max_size) return FramingError{"the request is too long"};
  if (at == stream.size()) return Incomplete{};
  if (at == 0) return FramingError{"a length is missing"};
  const std::size_t begin = at + 1;
  if (stream.size() - begin <= length) return Incomplete{};
  if (stream[begin + length] != ',') return FramingError{"the comma at the end is missing"};
  return Request{stream.substr(begin, length), begin + length + 1};
}

std::optional<Question> parse_question(std::string_view payload) {
  const std::size_t blank = payload.find(' ');
  if (blank == std::string_view::npos || blank == 0) return std::nullopt;
  return Question{payload.substr(0, blank), payload.substr(blank + 1)};
}

Reply temporary_reply(std::string_view why) {
  return framed("temp", "TEMP", printable(why, kMaxReason));
}

Reply permanent_reply(std::string_view why) {
  return framed("perm", "PERM", printable(why, kMaxReason));
}

Reply reply_for(const route::RouteAnswer& answer) {
  return std::visit(
      Overloaded{[](const route::Found& found) {
                   // Postfix takes an OK without a value for "not found" in one place and for a
                   // broken table in another.
                   if (found.value.empty()) return temporary_reply("the answer is empty");
                   if (has_control_characters(found.value)) {
                     return temporary_reply("the answer holds control characters");
                   }
                   if (found.value.size() + 3 > kMaxReply)
                     return temporary_reply("the answer is too long");
                   return framed("ok", "OK", found.value);
                 },
                 [](const route::NotFound&) { return framed("notfound", "NOTFOUND", ""); },
                 [](const route::Temporary& temporary) { return temporary_reply(temporary.why); }},
      answer);
}

}  // namespace postern::server
