// Purpose:   the central directory of a zip, and those of the zips that stand before it in the same file:
//            programs differ in which one they open. They go by the names in it; libarchive gives
//            those of the local headers of the last, and only one of several entries that share one.
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
struct ZipDirectory {
  std::vector<ZipEntry> entries;  // those of the last directory come first
  bool too_many = false;          // directories: not all of them were read
};
// Of a zip that is a member of this one, nothing.
ZipDirectory read_zip_directory(std::string_view bytes, std::size_t max_entries);

}  // namespace postern::content
