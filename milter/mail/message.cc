#include "mail/message.h"

#include <algorithm>

#include "base/text.h"

namespace postern::mail {
namespace {

// A fold reaches us as LF + WSP and goes over the wire as CRLF + WSP.
void append_with_crlf(std::string& bytes, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') bytes += '\r';
    bytes += c;
  }
}

std::uint64_t wire_size(const HeaderField& field) {
  const auto folds = std::count(field.value.begin(), field.value.end(), '\n');
  return field.name.size() + 1 + field.value.size() + static_cast<std::uint64_t>(folds) + 2;
}

}  // namespace

const HeaderField* Message::find(std::string_view name) const {
  const auto found = std::find_if(headers_.begin(), headers_.end(), [name](const auto& field) {
    return equals_ignoring_case(field.name, name);
  });
  return found == headers_.end() ? nullptr : &*found;
}

std::size_t Message::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(headers_.begin(), headers_.end(),
                    [name](const auto& field) { return equals_ignoring_case(field.name, name); }));
}

std::uint64_t Message::size() const {
  std::uint64_t total = 2 + body_.size();
  for (const HeaderField& field : headers_) total += wire_size(field);
  return total;
}

std::string Message::header_bytes() const {
  std::string bytes;
  bytes.reserve(size() - body_.size());
  for (const HeaderField& field : headers_) {
    bytes += field.name;
    bytes += ':';
    append_with_crlf(bytes, field.value);
    bytes += "\r\n";
  }
  bytes += "\r\n";
  return bytes;
}

std::string Message::to_bytes() const {
  std::string bytes;
  bytes.reserve(size());
  bytes += header_bytes();
  bytes += body_;
  return bytes;
}

}  // namespace postern::mail
