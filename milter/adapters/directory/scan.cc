#include "adapters/directory/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>

#include "adapters/directory/file_name.h"
#include "adapters/directory/yaml_to_json.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "policy/document_key.h"
#include "policy/snapshot.h"

namespace postern::directory {
namespace {

constexpr std::int64_t kSettledAfterNs = 2'000'000'000;

std::string reason(int code) { return std::generic_category().message(code); }

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using OpenDirectory = std::unique_ptr<DIR, CloseDirectory>;

// Nothing: it is not there (any more).
Result<std::optional<std::vector<std::string>>> list(const std::string& path) {
  const OpenDirectory open(::opendir(path.c_str()));
  if (!open) {
    if (errno == ENOENT) return std::optional<std::vector<std::string>>();
    return temporary_error(path + ": " + reason(errno));
  }
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(open.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return temporary_error(path + ": " + reason(errno));
  std::sort(names.begin(), names.end());
  return std::optional(std::move(names));
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Stamp stamp_of(const struct stat& info) {
  return Stamp{info.st_dev, info.st_ino, info.st_size, nanoseconds(info.st_mtim),
               nanoseconds(info.st_ctim)};
}

bool is_settled(const Stamp& stamp) {
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  return now - std::max(stamp.modified_ns, stamp.changed_ns) > kSettledAfterNs;
}

// The size is bounded while reading: a file may grow under our hands.
Result<std::string> read_bounded(int fd) {
  std::string text;
  std::array<char, 65536> block{};
  while (true) {
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got == 0) return text;
    if (got < 0) {
      if (errno == EINTR) continue;
      return temporary_error(reason(errno));
    }
    text.append(block.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxFileSize) return permanent_error("larger than 16 MiB");
  }
}

std::string canonical_key(const std::string& folder, const std::string& name) {
  const std::string key = folder + ":" + name;
  const auto parsed = policy::DocumentKey::parse(key);
  return parsed ? parsed->to_string() : key;
}

// Fills in text, fingerprint and fault of one file. False: it has just gone.
bool read_document(const std::string& path, Format format, SeenFile& file) {
  // O_NONBLOCK: a named pipe must not hold us up.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    const int code = errno;
    struct stat link {};
    if (code == ENOENT && ::lstat(path.c_str(), &link) != 0) return false;
    file.fault = code == ENOENT ? "a symbolic link to nothing" : reason(code);
    return true;
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) {
    file.fault = reason(errno);
    return true;
  }
  if (!S_ISREG(info.st_mode)) {
    file.fault = "not a regular file";
    return true;
  }
  file.stamp = stamp_of(info);
  file.settled = is_settled(file.stamp);
  auto text = read_bounded(fd.get());
  if (text && format == Format::yaml) text = yaml_to_json(*text);
  if (!text) {
    file.fault = text.error().what;
    return true;
  }
  file.fingerprint = policy::fingerprint_of(*text);
  file.json = std::move(*text);
  return true;
}

bool unchanged(const std::string& path, const SeenFile& before) {
  struct stat info {};
  return before.settled && ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         stamp_of(info) == before.stamp;
}

void look_at(const std::string& directory, const std::string& folder, const std::string& name,
             const Files& before, bool read_all, Files& files) {
  const auto meaning = read_file_name(name);
  if (std::holds_alternative<IgnoredFile>(meaning)) return;
  const std::string relative = folder + "/" + name;
  SeenFile file;
  if (const auto* refused = std::get_if<RefusedFile>(&meaning)) {
    file.key = folder + ":" + name;
    file.fault = refused->why;
    files.emplace(relative, std::move(file));
    return;
  }
  const auto& document = std::get<DocumentFile>(meaning);
  file.key = canonical_key(folder, document.name);
  file.document = true;
  const std::string path = directory + "/" + relative;
  const auto known = before.find(relative);
  if (known != before.end() && unchanged(path, known->second) &&
      (!read_all || known->second.fault)) {
    file = known->second;
    file.json.reset();
  } else if (!read_document(path, document.format, file)) {
    return;
  }
  files.emplace(relative, std::move(file));
}

// What lies beside the folders: a document there would silently count for nothing.
void look_at_stray(const std::string& name, Files& files) {
  const auto meaning = read_file_name(name);
  if (!std::holds_alternative<DocumentFile>(meaning)) return;
  SeenFile file;
  file.key = name;
  file.fault = "a document belongs in the folder of its type, such as domain/";
  files.emplace(name, std::move(file));
}

}  // namespace

Result<Files> scan(const std::string& directory, const Files& before, bool read_all,
                   const std::function<void(const std::string& folder)>& watch) {
  watch(directory);
  const auto top = list(directory);
  if (!top) return top.error();
  if (!top.value()) return temporary_error(directory + ": " + reason(ENOENT));
  Files files;
  for (const auto& folder : *top.value()) {
    if (folder.front() == '.') continue;
    const std::string path = std::string(directory).append("/").append(folder);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 && errno != ENOENT) {
      return temporary_error(path + ": " + reason(errno));
    }
    if (!S_ISDIR(info.st_mode)) {
      look_at_stray(folder, files);
      continue;
    }
    watch(path);
    const auto names = list(path);
    if (!names) return names.error();
    if (!names.value()) continue;
    for (const auto& name : *names.value()) {
      look_at(directory, folder, name, before, read_all, files);
    }
  }
  return files;
}

}  // namespace postern::directory
