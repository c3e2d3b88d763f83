#include "ctl/offline.h"

#include <filesystem>

#include "adapters/directory/scan.h"

namespace postern::ctl {
namespace {

namespace fs = std::filesystem;

// `only`: empty, or the one file that is asked for, relative to the directory.
Result<OfflineSet> read_directory(const fs::path& directory, const std::string& only,
                                  const policy::DecodeOptions& options) {
  auto files = directory::scan(directory.string(), {}, true, [](const std::string&) {});
  if (!files) return files.error();
  OfflineSet set;
  policy::SnapshotEditor editor(policy::Snapshot{}, options);
  // In the order of the keys, as the daemon does: which of two claims to an alias is the second one
  // must not depend on the file system.
  std::map<std::string, std::pair<std::string, std::string>> by_key;
  for (auto& [path, file] : *files) {
    if (!only.empty() && path != only) continue;
    const std::string origin = (directory / path).string();
    if (file.fault || !file.json) {
      set.faults.push_back({file.key, origin, "", file.fault.value_or("not readable")});
      set.origins.try_emplace(file.key, origin);
    } else if (!by_key.try_emplace(file.key, origin, std::move(*file.json)).second) {
      set.faults.push_back({file.key, origin, "", "another file stands for the same document"});
    }
  }
  for (auto& [name, document] : by_key) {
    auto& [origin, json] = document;
    set.origins.insert_or_assign(name, origin);
    const auto key = policy::DocumentKey::parse(name);
    const Status put = key ? editor.put(*key, json) : Status(key.error());
    if (put) {
      set.documents.emplace(key->to_string(), std::move(json));
      continue;
    }
    auto found =
        key ? policy::faults_of(*key, json, options) : std::vector<policy::DocumentFault>();
    // In order by itself: another document is in its way.
    if (found.empty()) found.push_back(policy::fault_from(put.error().what));
    for (policy::DocumentFault& fault : found) {
      set.faults.push_back({name, origin, std::move(fault.pointer), std::move(fault.what)});
    }
  }
  if (!only.empty() && by_key.empty() && set.faults.empty()) {
    return permanent_error((directory / only).string() + ": is no document file");
  }
  set.snapshot = editor.finish(1);
  return set;
}

}  // namespace

policy::DecodeOptions offline_options() {
  policy::DecodeOptions options;
  options.sealed_may_stay = true;
  return options;
}

Result<OfflineSet> read_offline(const std::string& path, const policy::DecodeOptions& options) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return permanent_error(path + ": " + error.message());
  if (fs::is_directory(absolute, error)) return read_directory(absolute, "", options);
  if (!fs::exists(absolute, error)) return permanent_error(path + ": no such file or directory");
  // <directory>/<type>/<name>.json: the type is the name of the folder.
  const fs::path folder = absolute.parent_path();
  return read_directory(folder.parent_path(), (folder.filename() / absolute.filename()).string(),
                        options);
}

}  // namespace postern::ctl
