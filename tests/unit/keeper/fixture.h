// A keeper between a source that says what the test tells it to and a real cache.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/policy_cache/sqlite_cache.h"
#include "base/guarded.h"
#include "keeper/keeper.h"
#include "support/policy_documents.h"
#include "support/scripted_source.h"
#include "support/temp_dir.h"

namespace postern::keeper {

class SettableClock final : public Clock {
 public:
  WallTime wall() const override { return WallTime(std::chrono::hours(1'000) + now()); }
  SteadyTime steady() const override { return SteadyTime(now()); }
  void advance(std::chrono::seconds by) {
    now_.with([by](auto& now) { now += by; });
  }

 private:
  std::chrono::seconds now() const {
    return now_.with([](const auto& now) { return now; });
  }
  Guarded<std::chrono::seconds> now_{std::chrono::seconds(1'000)};
};

class KeeperTest : public testing::Test {
 protected:
  using Documents = std::map<std::string, std::string>;  // key -> JSON text

  ~KeeperTest() override;

  // Stops what runs and starts anew, as the daemon does; the cache stays.
  void start(const std::string& source_name = "script");
  void stop();

  // What the source says; a text of "(deleted)" is a deletion.
  void full_set(const Documents& documents, const std::string& position = "1-0");
  void changes(const std::vector<std::pair<std::string, std::string>>& documents);
  void change(const std::string& key, const std::string& json) { changes({{key, json}}); }
  void unreadable(const std::string& key, const std::string& why);

  static Documents domains(int count, int from = 0);
  static std::string origin_of(const std::string& key) { return "redis key postern:" + key; }

  policy::SnapshotPtr snapshot() const { return published_.get(); }
  const policy::Domain* domain(const std::string& name) const;
  std::size_t domain_count() const;
  // "key: reason" of the refused documents, in order.
  std::vector<std::string> refused() const;

  test::TempDir temp_;
  const std::string cache_path_ = temp_ / "policy.cache";
  SettableClock clock_;
  KeeperOptions options_;
  bool with_cache_ = true;
  Published<policy::Snapshot> published_;
  std::unique_ptr<test::ScriptedSource> source_;
  std::unique_ptr<policy_cache::SqliteCache> cache_;
  std::unique_ptr<Keeper> keeper_;
  mutable std::vector<policy::SnapshotPtr> pinned_;
};

inline const std::string kDeleted = "(deleted)";

}  // namespace postern::keeper
