#include "fixture.h"

#include <utility>

namespace postern::keeper {

KeeperTest::~KeeperTest() { stop(); }

void KeeperTest::start(const std::string& source_name) {
  stop();
  published_.set(nullptr);
  source_ = std::make_unique<test::ScriptedSource>(source_name);
  if (with_cache_) cache_ = std::make_unique<policy_cache::SqliteCache>(cache_path_);
  keeper_ = std::make_unique<Keeper>(*source_, cache_.get(), published_, clock_, options_);
  keeper_->start();
}

void KeeperTest::stop() {
  keeper_.reset();
  cache_.reset();
  source_.reset();
}

void KeeperTest::full_set(const Documents& documents, const std::string& position) {
  source_->say([&](ports::PolicySink& sink) {
    std::vector<ports::RawDocument> raw;
    for (const auto& [key, json] : documents) raw.push_back({key, json, origin_of(key)});
    sink.full_set(std::move(raw), position);
  });
}

void KeeperTest::changes(const std::vector<std::pair<std::string, std::string>>& documents) {
  source_->say([&](ports::PolicySink& sink) {
    std::vector<ports::RawDocument> raw;
    for (const auto& [key, json] : documents) {
      raw.push_back({key, json == kDeleted ? std::nullopt : std::optional(json), origin_of(key)});
    }
    sink.changes(std::move(raw), "2-0");
  });
}

void KeeperTest::unreadable(const std::string& key, const std::string& why) {
  source_->say([&](ports::PolicySink& sink) { sink.unreadable(key, origin_of(key), why); });
}

KeeperTest::Documents KeeperTest::domains(int count, int from) {
  Documents documents;
  for (int at = from; at < from + count; ++at) {
    const std::string name = "d" + std::to_string(at) + ".example";
    documents["domain:" + name] = test::domain_json(name);
  }
  return documents;
}

const policy::Domain* KeeperTest::domain(const std::string& name) const {
  // What is answered borrows from the snapshot, which a later one may replace.
  pinned_.push_back(snapshot());
  return pinned_.back() ? pinned_.back()->domain_or_alias(name) : nullptr;
}

std::size_t KeeperTest::domain_count() const {
  const auto now = snapshot();
  return now ? now->count(policy::DocumentType::domain) : 0;
}

std::vector<std::string> KeeperTest::refused() const {
  std::vector<std::string> all;
  for (const auto& one : keeper_->status().refused) all.push_back(one.key + ": " + one.reason);
  return all;
}

}  // namespace postern::keeper
