#include "adapters/directory/directory_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "adapters/directory/file_name.h"
#include "adapters/directory/scan.h"
#include "base/unique_fd.h"
#include "policy/document_key.h"

namespace postern::directory {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFileMode = 0640;
constexpr mode_t kFolderMode = 0750;

Error fault(const std::string& path, int code) {
  const std::string what = path + ": " + std::generic_category().message(code);
  return code == ENOSPC || code == EDQUOT || code == EIO ? temporary_error(what)
                                                         : permanent_error(what);
}

Status make_folder(const std::string& path, gid_t group) {
  if (::mkdir(path.c_str(), kFolderMode) != 0) {
    return errno == EEXIST ? success() : Status(fault(path, errno));
  }
  // Not through the umask: the daemon's group must be able to look into it.
  if (::chown(path.c_str(), static_cast<uid_t>(-1), group) != 0 ||
      ::chmod(path.c_str(), kFolderMode) != 0) {
    return fault(path, errno);
  }
  return success();
}

Status write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fault(path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return success();
}

Status sync_folder(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fault(path, errno);
  return success();
}

struct Owner {
  std::optional<uid_t> user;  // nothing: whoever writes
  gid_t group = 0;
  mode_t mode = kFileMode;
};

Status fill(const std::string& path, const Owner& owner, std::string_view text) {
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fault(path, errno);
  struct stat made {};
  if (::fstat(fd.get(), &made) != 0) return fault(path, errno);
  const uid_t user = owner.user.value_or(made.st_uid);
  if ((made.st_gid != owner.group || made.st_uid != user) &&
      ::fchown(fd.get(), user, owner.group) != 0) {
    return fault(path + ": owner and group", errno);
  }
  if (::fchmod(fd.get(), owner.mode) != 0) return fault(path, errno);
  if (auto done = write_all(fd.get(), text, path); !done) return done;
  if (::fsync(fd.get()) != 0) return fault(path, errno);
  return success();
}

// A new file beside it takes its place: a reader sees the one or the other.
Status replace_file(const std::string& path, gid_t group, std::string_view text) {
  Owner owner;
  owner.group = group;
  struct stat before {};
  if (::stat(path.c_str(), &before) == 0) {
    owner = {before.st_uid, before.st_gid, before.st_mode & static_cast<mode_t>(0777)};
  }
  const std::size_t slash = path.rfind('/');
  const std::string fresh = path.substr(0, slash + 1) + "." + path.substr(slash + 1) + "." +
                            std::to_string(::getpid()) + ".tmp";
  ::unlink(fresh.c_str());
  Status done = fill(fresh, owner, text);
  if (done && ::rename(fresh.c_str(), path.c_str()) != 0) done = fault(path, errno);
  if (!done) ::unlink(fresh.c_str());
  return done;
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fault(path, errno);
  return success();
}

}  // namespace

DirectoryStore::DirectoryStore(std::string directory) : directory_(std::move(directory)) {}

std::string DirectoryStore::describe() const { return "directory " + directory_; }

// Names alone: the texts of a hundred thousand files are not needed to know which there are.
Result<DirectoryStore::Known> DirectoryStore::look() const {
  std::map<std::string, std::vector<std::string>> found;
  for (const policy::DocumentType type : policy::kAllDocumentTypes) {
    const std::string folder(policy::to_string(type));
    std::error_code error;
    fs::directory_iterator files(directory_ + "/" + folder, error);
    if (error == std::errc::no_such_file_or_directory) continue;
    for (; !error && files != fs::directory_iterator(); files.increment(error)) {
      const std::string name = files->path().filename().string();
      const auto meaning = read_file_name(name);
      const auto* document = std::get_if<DocumentFile>(&meaning);
      if (document == nullptr) continue;
      const auto key = policy::DocumentKey::parse(folder + ":" + document->name);
      found[key ? key->to_string() : folder + ":" + document->name].push_back(folder + "/" + name);
    }
    if (error) return fault(directory_ + "/" + folder, error.value());
  }
  // Of two files for one document the first by name counts.
  for (auto& [key, files] : found) std::sort(files.begin(), files.end());
  return found;
}

Status DirectoryStore::look_once() {
  if (known_) return success();
  struct stat info {};
  if (::stat(directory_.c_str(), &info) != 0) return fault(directory_, errno);
  if (!S_ISDIR(info.st_mode)) return fault(directory_, ENOTDIR);
  auto found = look();
  if (!found) return found.error();
  known_ = std::move(*found);
  return success();
}

Result<std::vector<std::string>> DirectoryStore::keys() {
  known_.reset();
  if (auto done = look_once(); !done) return done.error();
  std::vector<std::string> keys;
  for (const auto& [key, files] : *known_) keys.push_back(key);
  return keys;
}

Result<std::map<std::string, std::string>> DirectoryStore::read(
    const std::vector<std::string>& keys) {
  if (auto done = look_once(); !done) return done.error();
  std::map<std::string, std::string> texts;
  for (const std::string& key : keys) {
    const auto files = known_->find(key);
    // One that was put there since has its usual name.
    const std::string file = files == known_->end() ? file_of(key) : files->second.front();
    const std::size_t slash = file.find('/');
    auto text =
        read_document_file(directory_ + "/" + file.substr(0, slash), file.substr(slash + 1));
    if (text && *text) texts.emplace(key, std::move(**text));
  }
  return texts;
}

Status DirectoryStore::write(const std::vector<ports::DocumentChange>& changes) {
  if (changes.empty()) return success();
  struct stat info {};
  if (::stat(directory_.c_str(), &info) != 0) return fault(directory_, errno);
  // Anew: somebody may have put another spelling there since.
  known_.reset();
  if (auto done = look_once(); !done) return done;
  std::map<std::string, bool> folders;
  for (const ports::DocumentChange& change : changes) {
    const auto key = policy::DocumentKey::parse(change.key);
    if (!key) return key.error();
    const std::string file = file_of(key->to_string());
    const std::string folder = directory_ + "/" + std::string(policy::to_string(key->type));
    if (change.json) {
      if (auto done = make_folder(folder, info.st_gid); !done) return done;
      if (auto done = replace_file(directory_ + "/" + file, info.st_gid, *change.json); !done) {
        return done;
      }
    }
    folders[folder] |= change.json.has_value();
    // The same document in another spelling, or as YAML: only one may be left.
    std::vector<std::string>& known = (*known_)[key->to_string()];
    for (const std::string& other : known) {
      if (change.json && other == file) continue;
      if (auto done = remove_file(directory_ + "/" + other); !done) return done;
      folders[folder] = true;
    }
    known.clear();
    if (change.json) known.push_back(file);
    if (known.empty()) known_->erase(key->to_string());
  }
  for (const auto& [folder, touched] : folders) {
    if (!touched) continue;
    if (auto done = sync_folder(folder); !done) return done;
  }
  return success();
}

}  // namespace postern::directory
