#include "adapters/dkim/canonical.h"

#include "base/text.h"

namespace postern::dkim {
namespace {

constexpr std::string_view kCrLf = "\r\n";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string wire_value(std::string_view value) {
  std::string wire;
  wire.reserve(value.size() + 8);
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] != '\n') {
      wire += value[at];
      continue;
    }
    wire += kCrLf;
    if (at + 1 < value.size() && !is_blank(value[at + 1])) wire += '\t';
  }
  return wire;
}

// Unfolded, runs of blanks become one, none at either end.
std::string relaxed_value(std::string_view value) {
  std::string relaxed;
  relaxed.reserve(value.size());
  bool blank = false;
  for (const char c : value) {
    // A fold's own blank follows it, or will on the wire: it counts as one here already.
    if (is_blank(c) || c == '\n') {
      blank = true;
      continue;
    }
    if (blank && !relaxed.empty()) relaxed += ' ';
    blank = false;
    relaxed += c;
  }
  return relaxed;
}

// The length of the first line, without its CRLF. A bare CR or LF is text.
std::size_t line_length(std::string_view text) {
  const std::size_t end = text.find(kCrLf);
  return end == std::string_view::npos ? text.size() : end;
}

std::string_view without_trailing_blanks(std::string_view line) {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  return line;
}

void relaxed_line(std::string_view line, const Sink& sink) {
  std::size_t unsent = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (!is_blank(line[at])) continue;
    std::size_t end = at + 1;
    while (end < line.size() && is_blank(line[end])) ++end;
    if (end == at + 1 && line[at] == ' ') continue;  // is canonical already
    sink(line.substr(unsent, at - unsent));
    sink(" ");
    unsent = end;
    at = end - 1;
  }
  sink(line.substr(unsent));
  sink(kCrLf);
}

void relaxed_body(std::string_view body, const Sink& sink) {
  std::size_t empty_lines = 0;  // sent only once a line with text follows
  while (!body.empty()) {
    const std::size_t length = line_length(body);
    const std::string_view line = without_trailing_blanks(body.substr(0, length));
    body.remove_prefix(std::min(body.size(), length + kCrLf.size()));
    if (line.empty()) {
      ++empty_lines;
      continue;
    }
    for (; empty_lines > 0; --empty_lines) sink(kCrLf);
    relaxed_line(line, sink);
  }
}

void simple_body(std::string_view body, const Sink& sink) {
  while (body.ends_with(kCrLf)) body.remove_suffix(kCrLf.size());
  sink(body);
  sink(kCrLf);
}

}  // namespace

std::string_view to_string(Canonicalization how) {
  switch (how) {
    case Canonicalization::relaxed:
      return "relaxed";
    case Canonicalization::simple:
      return "simple";
  }
  return {};
}

std::string canonical_header(std::string_view name, std::string_view value, Canonicalization how) {
  switch (how) {
    case Canonicalization::relaxed:
      return ascii_lower(without_trailing_blanks(name)) + ':' + relaxed_value(value);
    case Canonicalization::simple:
      return std::string(name) + ':' + wire_value(value);
  }
  return {};
}

void canonical_body(std::string_view body, Canonicalization how, const Sink& sink) {
  switch (how) {
    case Canonicalization::relaxed:
      return relaxed_body(body, sink);
    case Canonicalization::simple:
      return simple_body(body, sink);
  }
}

}  // namespace postern::dkim
