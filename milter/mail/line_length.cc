#include "mail/line_length.h"

namespace postern::mail {
namespace {

// Appends one line's text (without line end) as smtp(8) will send it. Only the pieces after the
// first lose an octet to the space that marks them.
void append_broken(std::string_view line, std::string_view line_break, std::string& out) {
  out.append(line.substr(0, kSmtpLineLimit));
  for (std::size_t at = kSmtpLineLimit; at < line.size(); at += kSmtpLineLimit - 1) {
    out.append(line_break);
    out.push_back(' ');
    out.append(line.substr(at, kSmtpLineLimit - 1));
  }
}

// Nothing when every line fits. Lines end with `line_break`; what it contains otherwise is text.
std::optional<std::string> break_long_lines(std::string_view text, std::string_view line_break) {
  std::optional<std::string> out;
  std::size_t copied = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t found = text.find(line_break, begin);
    const std::size_t end = found == std::string_view::npos ? text.size() : found;
    if (end - begin > kSmtpLineLimit) {
      if (!out) {
        out.emplace();
        out->reserve(text.size() + text.size() / 256);
      }
      out->append(text.substr(copied, begin - copied));
      append_broken(text.substr(begin, end - begin), line_break, *out);
      copied = end;
    }
    begin = found == std::string_view::npos ? text.size() : found + line_break.size();
  }
  if (out) out->append(text.substr(copied));
  return out;
}

}  // namespace

std::optional<std::string> break_long_body_lines(std::string_view body) {
  return break_long_lines(body, "\r\n");
}

std::optional<std::string> break_long_header_lines(std::string_view name, std::string_view value) {
  // The name and its colon stand on the first line and count.
  std::string field(name);
  field += ':';
  field += value;
  auto broken = break_long_lines(field, "\n");
  if (!broken) return std::nullopt;
  // A name that is over the limit by itself cannot be a field name; it is left as it is rather than
  // broken inside.
  if (name.size() >= kSmtpLineLimit) return std::nullopt;
  broken->erase(0, name.size() + 1);
  return broken;
}

}  // namespace postern::mail
