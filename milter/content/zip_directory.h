// Purpose:   the central directory of a zip. Programs that unpack go by its names; libarchive gives
//            those of the local headers, and only one of several entries that share a header.
// Ownership: views into the archive.
// Threading: pure functions.
// Failure:   an empty list: there is no directory. A damaged one ends where the damage begins.
// Source:    PKWARE APPNOTE 4.3.12 to 4.3.16.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace postern::content {

struct ZipEntry {
  std::string_view name;
  std::uint64_t size = 0;  // unpacked, as declared
  bool encrypted = false;
};
std::vector<ZipEntry> read_zip_directory(std::string_view bytes, std::size_t max_entries);

}  // namespace postern::content
