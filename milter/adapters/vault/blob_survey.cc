// What a check looks at and puts aside, beside a store that goes on.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <mutex>

#include "adapters/vault/blob_names.h"
#include "adapters/vault/blob_store.h"

namespace postern::vault {
namespace {

constexpr const char* kAside = "aside";

// Calls `see` with each name but "." and ".."; false where the directory cannot be read.
bool for_each_name(int root, const std::string& name,
                   const std::function<void(const std::string&)>& see) {
  const int fd = ::openat(root, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd), &::closedir);
  if (!directory) {
    ::close(fd);
    return false;
  }
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(directory.get());
    if (entry == nullptr) return errno == 0;
    const std::string found = entry->d_name;
    if (found != "." && found != "..") see(found);
  }
}

bool is_directory(int root, const std::string& name) {
  struct stat info {};
  return ::fstatat(root, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

bool BlobStore::exists(const std::string& id) const {
  struct stat info {};
  return ::fstatat(root_.get(), blob_name(id).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

bool BlobStore::is_pending(const std::string& id) const {
  struct stat info {};
  return ::fstatat(root_.get(), temporary_name(id).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<std::vector<BlobStore::FoundFile>> BlobStore::files_below(const std::string& first) const {
  std::vector<FoundFile> files;
  std::vector<std::string> directories;
  const std::string parent = "blobs/" + first;
  if (!for_each_name(root_.get(), parent, [&](const std::string& name) {
        if (is_directory(root_.get(), parent + "/" + name)) {
          directories.push_back(name);
        } else {
          files.push_back({name, false});
        }
      })) {
    return failed("read", parent);
  }
  for (const std::string& second : directories) {
    const std::string directory = parent + "/" + second;
    if (!for_each_name(root_.get(), directory, [&](const std::string& name) {
          files.push_back({name, is_blob_id(name) && directory_of(name) == directory});
        })) {
      return failed("read", directory);
    }
  }
  return files;
}

Result<std::vector<std::string>> BlobStore::leftovers() const {
  std::vector<std::string> names;
  if (!for_each_name(root_.get(), "tmp", [&](const std::string& name) {
        const std::unique_lock naming(naming_);
        const UniqueFd file(::openat(root_.get(), ("tmp/" + name).c_str(),
                                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        // A shared lock: two who look do not take each other for somebody at work.
        if (file && ::flock(file.get(), LOCK_SH | LOCK_NB) == 0) names.push_back(name);
      })) {
    return failed("read", "tmp");
  }
  return names;
}

Status BlobStore::set_aside(const std::string& id) {
  if (::mkdirat(root_.get(), kAside, 0700) != 0 && errno != EEXIST) return failed("mkdir", kAside);
  const std::string name = std::string(kAside) + "/" + id;
  if (::renameat(root_.get(), blob_name(id).c_str(), root_.get(), name.c_str()) != 0) {
    return failed("rename", name);
  }
  return durable_ ? sync_directory(kAside) : success();
}

}  // namespace postern::vault
