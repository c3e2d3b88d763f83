#include "content/zip_directory.h"

#include <algorithm>

namespace postern::content {
namespace {

constexpr std::size_t kEntry = 46;
constexpr std::size_t kEnd = 22;
constexpr std::size_t kEnd64 = 56;

// Little-endian; 0 behind the end.
std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  if (at > bytes.size() || bytes.size() - at < size) return 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// The directory stands right before its end record, whatever stands before the archive.
std::size_t directory_begin(std::string_view bytes) {
  const std::size_t end = bytes.rfind("PK\x05\x06");
  if (end == std::string_view::npos || bytes.size() - end < kEnd) return bytes.size();
  std::size_t directory_end = end;
  std::uint64_t size = number(bytes, end + 12, 4);
  const std::size_t end64 = size == 0xffffffffU ? bytes.rfind("PK\x06\x06", end) : end;
  if (end64 != end && end64 != std::string_view::npos && bytes.size() - end64 >= kEnd64) {
    directory_end = end64;
    size = number(bytes, end64 + 40, 8);
  }
  return size <= directory_end ? directory_end - static_cast<std::size_t>(size) : bytes.size();
}

}  // namespace

std::vector<ZipEntry> read_zip_directory(std::string_view bytes, std::size_t max_entries) {
  std::vector<ZipEntry> entries;
  std::size_t at = directory_begin(bytes);
  while (entries.size() < max_entries && at + kEntry <= bytes.size() &&
         bytes.substr(at, 4) == "PK\x01\x02") {
    const std::string_view rest = bytes.substr(at);
    const auto name_size = static_cast<std::size_t>(number(rest, 28, 2));
    ZipEntry entry;
    entry.name = rest.substr(kEntry, name_size);
    entry.size = number(rest, 24, 4);
    entry.encrypted = (number(rest, 8, 2) & 1U) != 0;
    entries.push_back(entry);
    at += kEntry + name_size + static_cast<std::size_t>(number(rest, 30, 2) + number(rest, 32, 2));
  }
  return entries;
}

}  // namespace postern::content
