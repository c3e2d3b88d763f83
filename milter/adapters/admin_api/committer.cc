#include "adapters/admin_api/committer.h"

#include <utility>

#include "dialects/merge.h"
#include "policy/decode.h"

namespace postern::admin_api {
namespace {

constexpr std::size_t kDocumentsAtOnce = 200;

}  // namespace

Committer::Committer(ports::DocumentStore& store, Journal& journal, bool dry,
                     std::function<void(std::string)> problem)
    : store_(store), journal_(journal), dry_(dry), problem_(std::move(problem)) {}

void Committer::put(const policy::DocumentKey& key, policy::Json fresh) {
  state_.with([&](State& state) {
    state.pending.insert_or_assign(key.to_string(), std::move(fresh));
    if (state.pending.size() >= kDocumentsAtOnce) flush(state);
  });
}

void Committer::remove(const policy::DocumentKey& key) {
  if (!journal_.is_known(key.to_string())) return;
  state_.with([&](State& state) {
    state.pending.insert_or_assign(key.to_string(), std::nullopt);
    if (state.pending.size() >= kDocumentsAtOnce) flush(state);
  });
}

void Committer::done(const std::string& task) {
  state_.with([&](State& state) { state.tasks.push_back(task); });
}

void Committer::flush() {
  state_.with([&](State& state) { flush(state); });
}

std::optional<std::string> Committer::stored(const policy::DocumentKey& key) {
  return state_.with([&](State&) -> std::optional<std::string> {
    auto read = store_.read({key.to_string()});
    if (!read || read->empty()) return std::nullopt;
    return std::move(read->begin()->second);
  });
}

Counts Committer::counts() const {
  return state_.with([](const State& state) { return state.counts; });
}

std::optional<Error> Committer::failure() const {
  return state_.with([](const State& state) { return state.failure; });
}

void Committer::flush(State& state) {
  auto pending = std::exchange(state.pending, {});
  auto tasks = std::exchange(state.tasks, {});
  if (state.failure) return;
  std::vector<std::string> keys;
  for (const auto& [key, fresh] : pending) keys.push_back(key);
  std::map<std::string, std::string> stored;
  if (!keys.empty()) {
    auto read = store_.read(keys);
    if (!read) {
      state.failure = read.error();
      return;
    }
    stored = std::move(*read);
  }
  std::vector<ports::DocumentChange> changes;
  for (auto& [key, fresh] : pending) {
    auto change = judge(state, key, std::move(fresh), stored);
    if (change) changes.push_back(std::move(*change));
  }
  if (!dry_) {
    if (const Status written = store_.write(changes); !written) {
      state.failure = written.error();
      return;
    }
    for (const auto& change : changes) {
      if (!change.json) journal_.gone(change.key);
    }
    for (const std::string& task : tasks) journal_.done(task);
  }
}

std::optional<ports::DocumentChange> Committer::judge(
    State& state, const std::string& key, std::optional<policy::Json> fresh,
    const std::map<std::string, std::string>& stored) {
  const auto there = stored.find(key);
  if (!fresh) {
    if (there == stored.end()) return std::nullopt;
    ++state.counts.deleted;
    return ports::DocumentChange{key, std::nullopt};
  }
  if (!dry_) journal_.seen(key);
  std::string before;
  if (there != stored.end()) {
    // One that cannot be read is in force nowhere: nothing of it is worth keeping.
    if (const auto tree = policy::parse_json(there->second)) {
      before = policy::dump_json(*tree);
      *fresh = dialects::merge_answer(*tree, std::move(*fresh));
    }
  }
  std::string text = policy::dump_json(*fresh);
  if (text == before) {
    ++state.counts.unchanged;
    return std::nullopt;
  }
  const auto parsed = policy::DocumentKey::parse(key);
  const auto judged = parsed ? policy::decode(*parsed, text, {}) : parsed.error();
  if (!judged) {
    ++state.counts.refused;
    problem_(key + ": " + judged.error().what);
    return std::nullopt;
  }
  ++(there == stored.end() ? state.counts.fresh : state.counts.changed);
  return ports::DocumentChange{key, std::move(text)};
}

}  // namespace postern::admin_api
