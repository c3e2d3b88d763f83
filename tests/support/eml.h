// Purpose:   a message from the octets of a file, as an MTA's milter would get it: fields until the
//            first line that is none, values with LF + WSP folds, a body with CRLF line ends.
#pragma once

#include <string>
#include <string_view>

#include "mail/message.h"

namespace postern::test {

inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

inline mail::Message message_from(std::string_view bytes) {
  mail::Message message;
  std::string name;
  std::string value;
  const auto finish = [&] {
    if (!name.empty()) message.add_header(name, value);
    name.clear();
  };
  while (!bytes.empty()) {
    std::string_view rest = bytes;
    const std::string_view line = take_line(rest);
    if (line.empty()) {
      bytes = rest;
      break;
    }
    const std::size_t colon = line.find(':');
    if ((line[0] == ' ' || line[0] == '\t') && !name.empty()) {
      value.append("\n").append(line);
    } else if (colon != std::string_view::npos && colon > 0) {
      finish();
      name = line.substr(0, colon);
      value = line.substr(colon + 1);
    } else {
      break;  // the MTA puts the missing blank line here
    }
    bytes = rest;
  }
  finish();
  std::string body;
  body.reserve(bytes.size() + bytes.size() / 40);
  while (!bytes.empty()) body.append(take_line(bytes)).append("\r\n");
  message.set_body(std::move(body));
  return message;
}

}  // namespace postern::test
