#include "adapters/smtp/data.h"

#include <string>

namespace postern::smtp {
namespace {

constexpr std::size_t kPieceSize = 65536;
constexpr std::string_view kLineEnd = "\r\n";

// Takes the next line off `rest`, without CRLF or LF. A CR that ends the message is half a line
// end.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::uint64_t wire_size(std::string_view bytes) {
  std::uint64_t size = 0;
  while (!bytes.empty()) size += take_line(bytes).size() + kLineEnd.size();
  return size;
}

Status write_dot_stuffed(std::string_view bytes,
                         const std::function<Status(std::string_view piece)>& sink) {
  std::string piece;
  while (!bytes.empty()) {
    std::string_view line = take_line(bytes);
    if (line.starts_with('.')) piece += '.';
    while (piece.size() + line.size() > kPieceSize) {
      const std::size_t fits = kPieceSize - piece.size();
      piece += line.substr(0, fits);
      line.remove_prefix(fits);
      Status written = sink(piece);
      if (!written) return written;
      piece.clear();
    }
    piece += line;
    piece += kLineEnd;
    if (piece.size() < kPieceSize) continue;
    Status written = sink(piece);
    if (!written) return written;
    piece.clear();
  }
  return piece.empty() ? success() : sink(piece);
}

}  // namespace postern::smtp
