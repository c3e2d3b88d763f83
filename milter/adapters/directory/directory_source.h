// Purpose:   policy documents from a directory: <directory>/<type>/<name>.json, .yml or .yaml. What
//            changes there is in force within a moment, without a restart.
// Ownership: owns its watches.
// Threading: as PolicySource.
// Failure:   a directory that cannot be listed is availability(why), never an empty set. A file that
//            cannot be read is unreadable(), and so is a file beside the documents that looks meant
//            as one, and the second of two files for one document. A file must be gone for two looks
//            in a row before it counts as deleted: editors replace files by rename.
// Source:    policy.directory.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/directory/scan.h"
#include "base/clock.h"
#include "base/wakeup.h"
#include "ports/policy_source.h"

namespace postern::directory {

struct DirectoryOptions {
  std::string path;
  Milliseconds quiet{50};        // after the last change of a run
  Milliseconds patience{1'000};  // a run of changes is looked at after this at the latest
  Milliseconds every{30'000};    // the periodic look, where no event comes (network file systems)
  Milliseconds retry{1'000};     // while the directory is away
};

class DirectorySource final : public ports::PolicySource {
 public:
  explicit DirectorySource(DirectoryOptions options);

  std::string describe() const override;
  void run(std::stop_token stop, ports::PolicySink& sink) override;
  void request_full_set() override;

 private:
  // What stands for one document in one look.
  struct Owner {
    std::string path;
    std::uint64_t fingerprint = 0;
    std::optional<std::string> fault;
    friend bool operator==(const Owner&, const Owner&) = default;
  };
  struct Stray {
    std::string key;
    std::string why;
    friend bool operator==(const Stray&, const Stray&) = default;
  };
  struct View {
    std::map<std::string, Owner> owners;  // by key
    std::map<std::string, Stray> strays;  // by path: files that stand for no document
  };

  using Missing = std::map<std::string, SteadyTime>;  // by key: since when

  static View view_of(const Files& files);
  static bool needs_full_set(const View& before, const View& now);
  void keep_missing(const View& before, View& now, Missing& missing) const;
  std::string full_path(const std::string& relative) const;
  void send_full_set(const View& now, Files& files, ports::PolicySink& sink) const;
  void send_changes(const View& before, const View& now, Files& files, ports::PolicySink& sink);

  const DirectoryOptions options_;
  Wakeup wakeup_;
  std::atomic<bool> full_set_wanted_ = false;
};

}  // namespace postern::directory
