// Purpose:   a directory of documents read once, for verbs that work without a daemon.
// Failure:   an unreadable directory is an Error; unreadable and refused documents are listed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "policy/snapshot.h"

namespace postern::ctl {

struct DocumentFault {
  std::string key;
  std::string origin;  // the file
  std::string pointer;
  std::string what;
};

struct OfflineSet {
  policy::SnapshotPtr snapshot;
  std::map<std::string, std::string> documents;  // the good ones: key -> JSON text
  std::map<std::string, std::string> origins;    // key -> file, of all of them
  std::vector<DocumentFault> faults;             // all of each refused one
};

// What may be sealed stays so: the key that opens it is the daemon's.
policy::DecodeOptions offline_options();

// `path`: a directory laid out as <type>/<name>.json, or one such file.
Result<OfflineSet> read_offline(const std::string& path,
                                const policy::DecodeOptions& options = offline_options());

}  // namespace postern::ctl
