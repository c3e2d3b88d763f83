// Purpose:   the members of an archive, and of archives inside it. Private to this room.
// Ownership: ArchiveLimits belongs to one look at one message and counts for all its archives.
// Threading: one thread at a time.
// Units:     octets.
// Failure:   what is damaged or encrypted is listed as far as it can be read; a limit that is hit
//            stops the look and is written down.
// Source:    libarchive(3).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "content/archive_kind.h"
#include "content/inspect.h"

namespace postern::content {

class ArchiveLimits {
 public:
  explicit ArchiveLimits(const Limits& limits) : limits_(limits) {}

  // An archive is looked into, until leave(). False: it is nested too deep.
  bool enter(const std::string& path, std::size_t packed_size);
  void leave() { open_.pop_back(); }

  bool add_member();
  bool add_bytes(std::uint64_t bytes);
  bool in_time();
  // Whether one more type may be detected; not being told is no fault.
  bool take_detection();

  // The first limit that was hit; nothing more is looked at then.
  const std::optional<std::string>& hit() const { return hit_; }
  bool stop(const std::string& what);  // always false
  const Limits& limits() const { return limits_; }

 private:
  struct Open {
    std::string path;
    std::uint64_t packed = 0;
    std::uint64_t unpacked_before = 0;
  };
  const Limits& limits_;
  std::vector<Open> open_;
  std::size_t members_ = 0;
  std::size_t detections_ = 0;
  std::uint64_t bytes_ = 0;
  std::optional<std::string> hit_;
};

// Appends the members to `objects`, each followed by those of the archive that it may be. `archive`
// becomes encrypted when not even the names can be read.
void list_archive(ArchiveKind kind, std::string_view bytes, Object& archive, ArchiveLimits& limits,
                  std::vector<Object>& objects);

}  // namespace postern::content
