#include "mail/message_file.h"

#include <algorithm>
#include <string>

namespace postern::mail {
namespace {

// Takes one line off the front, without its line end.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// RFC 5322 2.2: printable ASCII but the colon; blanks before the colon are obsolete and let pass.
std::string_view field_name(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  std::string_view name = line.substr(0, colon);
  while (name.ends_with(' ') || name.ends_with('\t')) name.remove_suffix(1);
  const bool is_name =
      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return is_name ? name : std::string_view();
}

bool is_continuation(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

std::string with_crlf(std::string_view body) {
  std::string out;
  out.reserve(body.size() + body.size() / 32);
  while (!body.empty()) {
    out += take_line(body);
    out += "\r\n";
  }
  return out;
}

}  // namespace

Message read_message(std::string_view bytes) {
  Message message;
  std::string_view rest = bytes;
  if (rest.starts_with("From ")) take_line(rest);
  std::string name;
  std::string value;
  const auto finish_field = [&] {
    if (!name.empty()) message.add_header(std::move(name), std::move(value));
    name.clear();
    value.clear();
  };
  while (!rest.empty()) {
    std::string_view ahead = rest;
    const std::string_view line = take_line(ahead);
    if (line.empty()) {
      rest = ahead;
      break;
    }
    if (is_continuation(line) && !name.empty()) {
      value += "\n";
      value += line;
    } else if (const std::string_view found = field_name(line); !found.empty()) {
      finish_field();
      name = found;
      value = line.substr(line.find(':') + 1);
    } else {
      break;
    }
    rest = ahead;
  }
  finish_field();
  message.set_body(with_crlf(rest));
  return message;
}

}  // namespace postern::mail
