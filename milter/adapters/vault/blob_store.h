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
  Result<std::string> read(const std::string& id, std::uint64_t expected_size) const;
  // Durable when it answers ok; what is not there is removed already.
  Status remove(const std::string& id);
  Result<std::uint64_t> free_space() const;

  // Decides about everything in tmp/ whose writer is gone: `has_row` tells whether the index knows
  // the id; if not, the file is removed. Answers how many were removed.
  Result<std::size_t> recover(const std::function<Result<bool>(const std::string& id)>& has_row);
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
  // Directories whose own name is known to be durable: a directory that another thread has just
  // made is not, although mkdir says that it exists.
  Guarded<std::vector<bool>> synced_directories_;
};

}  // namespace postern::vault
