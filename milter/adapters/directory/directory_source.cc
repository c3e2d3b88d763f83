#include "adapters/directory/directory_source.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "adapters/directory/watch.h"

namespace postern::directory {
namespace {

std::string position_now() { return to_rfc3339(std::chrono::system_clock::now()); }

ports::RawDocument take_document(const std::string& key, std::string origin, SeenFile& file) {
  return {key, std::exchange(file.json, std::nullopt), std::move(origin)};
}

}  // namespace

DirectorySource::DirectorySource(DirectoryOptions options) : options_(std::move(options)) {}

std::string DirectorySource::describe() const { return "directory " + options_.path; }

void DirectorySource::request_full_set() {
  full_set_wanted_ = true;
  wakeup_.signal();
}

std::string DirectorySource::full_path(const std::string& relative) const {
  return options_.path + "/" + relative;
}

DirectorySource::View DirectorySource::view_of(const Files& files) {
  View view;
  for (const auto& [path, file] : files) {
    if (!file.document) {
      view.strays.emplace(path, Stray{file.key, file.fault.value_or("")});
      continue;
    }
    const auto [first, added] =
        view.owners.emplace(file.key, Owner{path, file.fingerprint, file.fault});
    if (!added) {
      view.strays.emplace(path, Stray{file.key, "the same document as " + first->second.path});
    }
  }
  return view;
}

// A fault that went away with its file, or a document that moved to another file, cannot be told as a
// change of one document: everything is told again, and what is not named any more is forgotten.
bool DirectorySource::needs_full_set(const View& before, const View& now) {
  for (const auto& [path, stray] : before.strays) {
    const auto still = now.strays.find(path);
    if (still == now.strays.end() || still->second.key != stray.key) return true;
  }
  return std::ranges::any_of(now.owners, [&before](const auto& entry) {
    const auto known = before.owners.find(entry.first);
    return known != before.owners.end() && known->second.path != entry.second.path;
  });
}

// What has only just gone stays as it was, until it is still gone after the quiet time.
void DirectorySource::keep_missing(const View& before, View& now, Missing& missing) const {
  const auto time = std::chrono::steady_clock::now();
  Missing still;
  for (const auto& [key, owner] : before.owners) {
    if (now.owners.contains(key)) continue;
    const auto known = missing.find(key);
    const SteadyTime since = known == missing.end() ? time : known->second;
    if (time - since >= options_.quiet && known != missing.end()) continue;
    still.emplace(key, since);
    now.owners.emplace(key, owner);
  }
  missing = std::move(still);
}

void DirectorySource::send_full_set(const View& now, Files& files, ports::PolicySink& sink) const {
  std::vector<ports::RawDocument> documents;
  for (const auto& [key, owner] : now.owners) {
    if (owner.fault) {
      sink.unreadable(key, full_path(owner.path), *owner.fault);
    } else {
      documents.push_back(take_document(key, full_path(owner.path), files.at(owner.path)));
    }
  }
  for (const auto& [path, stray] : now.strays)
    sink.unreadable(stray.key, full_path(path), stray.why);
  sink.full_set(std::move(documents), position_now());
}

void DirectorySource::send_changes(const View& before, const View& now, Files& files,
                                   ports::PolicySink& sink) {
  std::vector<ports::RawDocument> documents;
  for (const auto& [key, owner] : before.owners) {
    if (!now.owners.contains(key)) documents.push_back({key, std::nullopt, full_path(owner.path)});
  }
  for (const auto& [key, owner] : now.owners) {
    const auto known = before.owners.find(key);
    if (known != before.owners.end() && known->second == owner) continue;
    if (owner.fault) {
      sink.unreadable(key, full_path(owner.path), *owner.fault);
    } else if (SeenFile& file = files.at(owner.path); file.json) {
      documents.push_back(take_document(key, full_path(owner.path), file));
    } else {
      full_set_wanted_ = true;  // a change without its text would read as a deletion
    }
  }
  for (const auto& [path, stray] : now.strays) {
    const auto known = before.strays.find(path);
    if (known != before.strays.end() && known->second == stray) continue;
    sink.unreadable(stray.key, full_path(path), stray.why);
  }
  if (!documents.empty()) sink.changes(std::move(documents), position_now());
}

void DirectorySource::run(std::stop_token stop, ports::PolicySink& sink) {
  const std::stop_callback on_stop(stop, [this] { wakeup_.signal(); });
  Watch watch(wakeup_);
  Files files;
  View view;
  Missing missing;
  full_set_wanted_ = true;
  while (!stop.stop_requested()) {
    const bool full = full_set_wanted_.exchange(false);
    watch.begin();
    auto seen = scan(options_.path, files, full, [&watch](const auto& path) { watch.add(path); });
    watch.end();
    if (!seen) {
      if (full) full_set_wanted_ = true;
      sink.availability(seen.error().what);
      watch.wait(Deadline::after(options_.retry), options_.quiet, options_.patience);
      continue;
    }
    View now = view_of(*seen);
    keep_missing(view, now, missing);
    // A set is told in full only when it is certain: nothing may be missing for a moment in it.
    const bool tell_all = full || needs_full_set(view, now);
    if (tell_all && (!full || !missing.empty())) {
      full_set_wanted_ = true;
      if (missing.empty()) continue;
    } else {
      sink.availability(std::nullopt);
      if (tell_all) {
        send_full_set(now, *seen, sink);
      } else {
        send_changes(view, now, *seen, sink);
      }
      files = std::move(*seen);
      view = std::move(now);
    }
    const Milliseconds until_next = missing.empty() ? options_.every : options_.quiet;
    watch.wait(Deadline::after(until_next), options_.quiet, options_.patience);
  }
}

}  // namespace postern::directory
