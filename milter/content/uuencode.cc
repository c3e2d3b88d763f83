#include "content/uuencode.h"

#include <algorithm>

namespace postern::content {
namespace {

// Takes the line, without its end, off the front.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  while (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

unsigned value_of(char c) { return (static_cast<unsigned char>(c) - 0x20U) & 0x3fU; }
bool is_uu_character(char c) { return c >= 0x20 && c <= 0x60; }

// The octets that the line says it has; 0: it is no line of data (or the empty one before "end").
std::size_t octets_of(std::string_view line) {
  if (line.empty() || !is_uu_character(line[0])) return 0;
  const std::size_t octets = value_of(line[0]);
  const std::size_t digits = (octets * 4 + 2) / 3;  // trailing blanks may have been lost
  if (line.size() > 1 + (octets + 2) / 3 * 4 + 2) return 0;
  if (line.size() + 3 < 1 + digits && line.find(' ') == std::string_view::npos) return 0;
  return std::all_of(line.begin(), line.end(), is_uu_character) ? octets : 0;
}

void decode_line(std::string_view line, std::size_t octets, std::string& out) {
  line.remove_prefix(1);
  const auto digit = [&](std::size_t at) { return at < line.size() ? value_of(line[at]) : 0U; };
  for (std::size_t done = 0, at = 0; done < octets; at += 4) {
    const unsigned word =
        digit(at) << 18U | digit(at + 1) << 12U | digit(at + 2) << 6U | digit(at + 3);
    for (const unsigned shift : {16U, 8U, 0U}) {
      if (done++ < octets) out += static_cast<char>(word >> shift);
    }
  }
}

// "begin 644 name": the name, or nothing.
std::string_view name_in(std::string_view line) {
  if (!line.starts_with("begin ")) return {};
  line.remove_prefix(6);
  const std::size_t digits = std::min(line.find_first_not_of("01234567"), line.size());
  if (digits < 3 || digits > 5 || digits + 1 >= line.size() || line[digits] != ' ') return {};
  return line.substr(digits + 1);
}

}  // namespace

std::vector<UuFile> find_uuencoded(std::string_view text, std::size_t max_files) {
  std::vector<UuFile> files;
  std::size_t at = text.starts_with("begin ") ? 0 : text.find("\nbegin ");
  while (at != std::string_view::npos && files.size() < max_files) {
    text.remove_prefix(at + (text[at] == '\n' ? 1 : 0));
    const std::string_view name = name_in(take_line(text));
    if (!name.empty()) {
      UuFile file{std::string(name), {}};
      std::string_view rest = text;
      while (!rest.empty()) {
        const std::string_view line = take_line(rest);
        const std::size_t octets = octets_of(line);
        if (octets == 0) break;
        decode_line(line, octets, file.bytes);
        text = rest;
      }
      if (!file.bytes.empty()) files.push_back(std::move(file));
    }
    at = text.starts_with("begin ") ? 0 : text.find("\nbegin ");
  }
  return files;
}

}  // namespace postern::content
