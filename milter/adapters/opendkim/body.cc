#include "adapters/opendkim/body.h"

#include <algorithm>
#include <cstddef>

namespace postern::opendkim {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Runs of blanks count as one, those at the end as none.
std::uint64_t relaxed_length(std::string_view line) {
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  std::uint64_t length = 0;
  bool after_blank = false;
  for (const char c : line) {
    if (!is_blank(c) || !after_blank) ++length;
    after_blank = is_blank(c);
  }
  return length;
}

}  // namespace

bool has_only_crlf(std::string_view body) {
  std::ptrdiff_t line_ends = 0;
  for (std::size_t at = body.find('\n'); at != std::string_view::npos;
       at = body.find('\n', at + 1)) {
    if (at == 0 || body[at - 1] != '\r') return false;
    ++line_ends;
  }
  return std::count(body.begin(), body.end(), '\r') == line_ends;
}

std::uint64_t canonical_length(std::string_view body, bool relaxed) {
  std::uint64_t length = 0;
  std::uint64_t pending = 0;  // empty lines count only when another line follows
  while (!body.empty()) {
    const std::size_t end = body.find(kLineEnd);
    const std::string_view line = body.substr(0, end);
    const std::uint64_t octets = relaxed ? relaxed_length(line) : line.size();
    pending += kLineEnd.size();
    if (octets != 0) {
      length += octets + pending;
      pending = 0;
    }
    body.remove_prefix(end == std::string_view::npos ? body.size() : end + kLineEnd.size());
  }
  return length == 0 && !relaxed ? kLineEnd.size() : length;
}

}  // namespace postern::opendkim
