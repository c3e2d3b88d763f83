#include "adapters/vault/blob_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <mutex>
#include <system_error>

#include "adapters/vault/blob_names.h"
#include "base/text.h"

namespace postern::vault {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::size_t kIdSize = 32;
constexpr int kDoomTries = 5;
constexpr std::size_t kFirstLevel = 256;
constexpr std::size_t kSecondLevel = 65536;

Error describe(const std::string& path, std::string_view name, std::string_view what, int error) {
  return temporary_error("vault: " + path + (name.empty() ? "" : "/") + std::string(name) + ": " +
                         std::string(what) + ": " + std::generic_category().message(error));
}

// As mkdir -p, with every directory for us alone.
Status make_directories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      return describe(part, "", "mkdir", errno);
    }
    if (slash == std::string::npos) return success();
  }
}

int write_fully(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

}  // namespace

bool is_blob_id(std::string_view id) {
  return id.size() == kIdSize && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

BlobStore::Pending::Pending(int root, std::string id, UniqueFd lock)
    : root_(root), id_(std::move(id)), lock_(std::move(lock)) {}

BlobStore::Pending::~Pending() {
  if (!lock_) return;
  // The blob first: as long as the name in tmp/ stands, recover() would do the same.
  if (linked_) ::unlinkat(root_, blob_name(id_).c_str(), 0);
  ::unlinkat(root_, temporary_name(id_).c_str(), 0);
}

void BlobStore::Pending::keep() {
  ::unlinkat(root_, temporary_name(id_).c_str(), 0);
  lock_.reset();
}

void BlobStore::Pending::leave_open() { lock_.reset(); }

BlobStore::BlobStore(std::string path, UniqueFd root, bool durable)
    : path_(std::move(path)),
      root_(std::move(root)),
      durable_(durable),
      synced_directories_(kFirstLevel + kSecondLevel) {}

Error BlobStore::failed(std::string_view what, std::string_view name) const {
  return describe(path_, name, what, errno);
}

Result<std::unique_ptr<BlobStore>> BlobStore::open(const std::string& path, bool durable) {
  if (path.empty()) return permanent_error("vault: no path");
  const Status made = make_directories(path);
  if (!made) return made.error();
  UniqueFd root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return describe(path, "", "open", errno);
  for (const char* name : {"blobs", "tmp"}) {
    if (::mkdirat(root.get(), name, kDirectoryMode) != 0 && errno != EEXIST) {
      return describe(path, name, "mkdir", errno);
    }
  }
  return std::unique_ptr<BlobStore>(new BlobStore(path, std::move(root), durable));
}

Status BlobStore::sync_root() const {
  if (durable_ && ::fsync(root_.get()) != 0) return failed("fsync", "");
  return success();
}

Status BlobStore::sync_directory(const std::string& name) const {
  const UniqueFd directory(::openat(root_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return failed("open", name);
  if (::fsync(directory.get()) != 0) return failed("fsync", name);
  return success();
}

Status BlobStore::make_directory_of(const std::string& id) {
  const std::string parent = parent_of(id);
  const std::string directory = directory_of(id);
  bool made = ::mkdirat(root_.get(), directory.c_str(), kDirectoryMode) == 0;
  if (!made && errno == ENOENT) {
    if (::mkdirat(root_.get(), parent.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      return failed("mkdir", parent);
    }
    made = ::mkdirat(root_.get(), directory.c_str(), kDirectoryMode) == 0;
  }
  if (!made && errno != EEXIST) return failed("mkdir", directory);
  if (!durable_) return success();

  std::size_t number = 0;
  std::from_chars(id.data(), id.data() + 4, number, 16);
  const std::size_t first = number >> 8;
  const std::size_t second = kFirstLevel + number;
  const auto known = [this](std::size_t at) {
    return synced_directories_.with([at](const auto& synced) { return bool{synced[at]}; });
  };
  if (!made && known(second)) return success();
  Status synced = sync_directory(parent);
  if (synced && !known(first)) synced = sync_directory("blobs");
  if (!synced) return synced;
  synced_directories_.with([&](auto& all) { all[first] = all[second] = true; });
  return success();
}

Result<BlobStore::Pending> BlobStore::write(const std::string& id, std::string_view bytes) {
  if (!is_blob_id(id)) return permanent_error("vault: not an id: " + printable(id, 64));
  const std::string temporary = temporary_name(id);
  std::shared_lock naming(naming_);
  UniqueFd file(::openat(root_.get(), temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file && errno == EEXIST)
    return permanent_error("vault: " + id + ": is being stored already");
  if (!file) return failed("create", temporary);
  const int fd = file.get();
  Pending pending(root_.get(), id, std::move(file));
  // Another process' recover() that was quicker has the lock, or has removed the name, which linkat()
  // then misses.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return failed("flock", temporary);
  naming.unlock();

  if (const int error = write_fully(fd, bytes); error != 0) {
    return describe(path_, temporary, "write", error);
  }
  if (durable_ && ::fsync(fd) != 0) return failed("fsync", temporary);
  const Status directory = make_directory_of(id);
  if (!directory) return directory.error();
  // A link and not a rename: the name in tmp/ says "undecided" until the index has the rows, and
  // link, unlike rename, never replaces a blob.
  if (::linkat(root_.get(), temporary.c_str(), root_.get(), blob_name(id).c_str(), 0) != 0) {
    if (errno == EEXIST) return permanent_error("vault: " + id + ": is stored already");
    return failed("link", blob_name(id));
  }
  pending.linked_ = true;
  if (durable_) {
    const Status synced = sync_directory(directory_of(id));
    if (!synced) return synced.error();
  }
  return pending;
}

Result<std::optional<BlobStore::Pending>> BlobStore::doom(const std::string& id) {
  const std::string temporary = temporary_name(id);
  for (int tries = 0; tries < kDoomTries; ++tries) {
    const std::shared_lock naming(naming_);
    if (::linkat(root_.get(), blob_name(id).c_str(), root_.get(), temporary.c_str(), 0) != 0) {
      if (errno == ENOENT && !exists(id)) return std::optional<Pending>();
      if (errno != EEXIST) return failed("link", temporary);
    }
    UniqueFd file(::openat(root_.get(), temporary.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file && errno == ENOENT) continue;
    if (!file) return failed("open", temporary);
    if (::flock(file.get(), LOCK_EX) != 0) return failed("flock", temporary);
    // A recover() that was quicker has found the row and taken the name away again.
    if (!is_pending(id)) continue;
    Pending pending(root_.get(), id, std::move(file));
    pending.linked_ = true;
    return std::optional(std::move(pending));
  }
  return temporary_error("vault: " + id + ": somebody else is at work on its file");
}

Status BlobStore::sync_doomed() const { return durable_ ? sync_directory("tmp") : success(); }

Result<std::string> BlobStore::read(const std::string& id, std::uint64_t expected_size) const {
  const std::string name = blob_name(id);
  const UniqueFd file(::openat(root_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file && errno == ENOENT) return permanent_error("vault: " + id + ": its file is missing");
  if (!file) return failed("open", name);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return failed("stat", name);
  if (!S_ISREG(info.st_mode) || static_cast<std::uint64_t>(info.st_size) != expected_size) {
    return permanent_error("vault: " + id +
                           ": damaged: its file has not the size it was stored with");
  }
  std::string bytes(expected_size, '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", name);
    if (got == 0) return permanent_error("vault: " + id + ": damaged: its file ends early");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<std::uint64_t> BlobStore::free_space() const {
  struct statvfs info {};
  if (::fstatvfs(root_.get(), &info) != 0) return failed("statvfs", "");
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

Result<std::size_t> BlobStore::recover(
    const std::function<Result<bool>(const std::string& id)>& has_row) {
  const int tmp = ::openat(root_.get(), "tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (tmp < 0) return failed("open", "tmp");
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(tmp), &::closedir);
  if (!directory) {
    ::close(tmp);
    return failed("open", "tmp");
  }
  std::size_t removed = 0;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr && errno != 0) return failed("read", "tmp");
    if (entry == nullptr) return removed;
    const std::string id = entry->d_name;
    if (!is_blob_id(id)) continue;  // "." and "..", and whatever is not ours to remove
    UniqueFd file;
    {
      const std::unique_lock naming(naming_);
      file = UniqueFd(::openat(tmp, id.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
      if (!file || ::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
    }
    // Only now, with the lock: a store() that has just ended has its rows.
    const auto known = has_row(id);
    if (!known) return known.error();
    Pending pending(root_.get(), id, std::move(file));
    if (*known) {
      pending.keep();
    } else {
      pending.linked_ = true;
      ++removed;
    }
  }
}

}  // namespace postern::vault
