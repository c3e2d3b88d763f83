// Purpose:   one look at a policy directory: every file that is or should be a document, and its text
//            where it may have changed since the look before.
// Threading: one thread.
// Failure:   an Error when the directory or a folder cannot be listed, because what is not seen would
//            be taken for deleted; a single file that cannot be read is a fault of that file.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"

namespace postern::directory {

inline constexpr std::size_t kMaxFileSize = std::size_t{16} << 20;

// What changes when a file does. Times may tick slower than files change, so a file that was young
// when it was read is read again (`settled` false).
struct Stamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

struct SeenFile {
  std::string key;        // canonical where it is a possible key
  bool document = false;  // false: a stray that stands for no document
  Stamp stamp;
  bool settled = false;
  std::uint64_t fingerprint = 0;     // of the JSON text
  std::optional<std::string> fault;  // why it is no document
  std::optional<std::string> json;   // only where it was read in this look
};

// By path below the directory ("domain/got.com.json"): the order decides which of two files for one
// document counts.
using Files = std::map<std::string, SeenFile>;

// `watch` is told of the directory and each folder before it is listed, so that nothing is missed in
// between. `read_all` gives every document its text, changed or not.
Result<Files> scan(const std::string& directory, const Files& before, bool read_all,
                   const std::function<void(const std::string& folder)>& watch);

}  // namespace postern::directory
