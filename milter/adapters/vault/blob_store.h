// Purpose:   the bytes of stored mail, one file per message.
// Ownership: owns the directory tree below <path>; a Pending owns a file that has no row yet.
// Threading: all members are called from many threads at once; a Pending belongs to one thread.
// Failure:   temporary for anything the system refuses; permanent for an id that is taken or
//            damage.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/guarded.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace postern::vault {

bool is_blob_id(
    std::string_view id);  // 32 lower-case hex digits: nothing that could leave the tree

class BlobStore {
 public:
  // A written file whose fate is open. The file in tmp/ is locked (flock) as long as this lives, so
  // that recover() tells a running store() from one that was killed.
  class Pending {
   public:
    Pending(Pending&&) = default;
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;
    Pending& operator=(Pending&&) = delete;
    ~Pending();  // undecided: both names are removed

    void keep();        // the index has its rows
    void leave_open();  // the index may have its rows: the next recover() looks

   private:
    friend class BlobStore;
    Pending(int root, std::string id, UniqueFd lock);
    int root_;
    std::string id_;
    UniqueFd lock_;
    bool linked_ = false;
  };

  static Result<std::unique_ptr<BlobStore>> open(const std::string& path, bool durable);

  // Durable, under its final name, when it answers ok.
  Result<Pending> write(const std::string& id, std::string_view bytes);
  // The blob gets its second name in tmp/ again: removed with the answer, or, after a kill, by the
  // next recover() unless the index still has the row. keep() takes it back.
  // Nothing answered: there is no such blob.
  Result<std::optional<Pending>> doom(const std::string& id);
  // Makes the names in tmp/ durable: a power cut after the commit then finds what was doomed.
  Status sync_doomed() const;
  Result<std::string> read(const std::string& id, std::uint64_t expected_size) const;
  Result<std::uint64_t> free_space() const;

  // Decides about everything in tmp/ whose writer is gone: `has_row` tells whether the index knows
  // the id; if not, the file is removed. Answers how many were removed.
  Result<std::size_t> recover(const std::function<Result<bool>(const std::string& id)>& has_row);

  // For a check.
  bool exists(const std::string& id) const;
  bool is_pending(const std::string& id) const;  // has its second name in tmp/
  // The names below blobs/<first>, and whether each stands where its id says.
  struct FoundFile {
    std::string name;
    bool is_in_place = false;
  };
  Result<std::vector<FoundFile>> files_below(const std::string& first) const;
  // What in tmp/ nobody is at work on any more.
  Result<std::vector<std::string>> leftovers() const;
  // Takes the blob out of the tree and keeps it under aside/.
  Status set_aside(const std::string& id);

  // Makes the names inside <path> itself durable.
  Status sync_root() const;

 private:
  BlobStore(std::string path, UniqueFd root, bool durable);
  Status make_directory_of(const std::string& id);
  Status sync_directory(const std::string& name) const;
  Error failed(std::string_view what, std::string_view name) const;

  std::string path_;
  UniqueFd root_;
  bool durable_;
  // Held together by who makes a name in tmp/ and locks it, alone by who looks whether a name is locked:
  // so a name without a lock has no owner.
  mutable std::shared_mutex naming_;
  // Directories whose own name is known to be durable: a directory that another thread has just
  // made is not, although mkdir says that it exists.
  Guarded<std::vector<bool>> synced_directories_;
};

}  // namespace postern::vault
