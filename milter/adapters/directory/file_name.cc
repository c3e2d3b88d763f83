#include "adapters/directory/file_name.h"

#include <charconv>
#include <optional>

namespace postern::directory {
namespace {

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned value = 0;
    const auto digits = text.substr(at + 1, 2);
    const auto [end, fault] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (fault != std::errc() || digits.size() != 2 || end != digits.data() + 2 || value == 0) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

}  // namespace

std::variant<DocumentFile, IgnoredFile, RefusedFile> read_file_name(std::string_view file) {
  if (file.empty() || file.front() == '.' || file.front() == '#') return IgnoredFile{};
  for (const std::string_view left_over : {"~", ".swp", ".swo", ".swx", ".tmp"}) {
    if (file.ends_with(left_over)) return IgnoredFile{};
  }
  const auto dot = file.rfind('.');
  const std::string_view extension = dot == std::string_view::npos ? "" : file.substr(dot);
  Format format = Format::json;
  if (extension == ".yml" || extension == ".yaml") {
    format = Format::yaml;
  } else if (extension != ".json") {
    return RefusedFile{"neither .json nor .yml nor .yaml"};
  }
  auto name = percent_decoded(file.substr(0, dot));
  if (!name)
    return RefusedFile{"a % in the name is not followed by two hexadecimal digits (%25 is a %)"};
  if (name->empty()) return RefusedFile{"the name is empty"};
  return DocumentFile{std::move(*name), format};
}

}  // namespace postern::directory
