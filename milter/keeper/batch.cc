#include "keeper/batch.h"

#include <algorithm>

namespace postern::keeper {
namespace {

// How often domains that wait for each other's aliases are tried in turn. Longer chains end in the
// exchange below.
constexpr int kRounds = 8;

const policy::Smarthost* smarthost_in_force(const policy::Snapshot& snapshot,
                                            const policy::DocumentKey& key) {
  return key.type == policy::DocumentType::smarthost ? snapshot.smarthost(key.name) : nullptr;
}

void put_one(policy::SnapshotEditor& editor, const policy::DecodeOptions& options, Put& put) {
  // Before the texts are compared: the one in force and in the cache has the password in it already.
  if (const policy::Smarthost* known = smarthost_in_force(editor.draft(), put.key)) {
    put.json = policy::with_kept_password(put.json, *known);
  }
  if (editor.draft().fingerprint(put.key) == policy::fingerprint_of(put.json)) {
    put.fate = Fate::unchanged;
    return;
  }
  const Status done = editor.put(put.key, put.json);
  if (done) {
    put.fate = Fate::applied;
    put.reason.clear();
    return;
  }
  put.reason = done.error().what;
  // A domain that decodes and yet is refused has met another one that holds its alias.
  const bool conflicting =
      may_claim_aliases(put.key.type) && policy::decode(put.key, put.json, options).ok();
  put.fate = conflicting ? Fate::conflicting : Fate::refused;
}

std::vector<Put*> conflicting_in(std::vector<Put>& puts) {
  std::vector<Put*> found;
  for (auto& put : puts) {
    if (put.fate == Fate::conflicting) found.push_back(&put);
  }
  return found;
}

// Two domains that swap their aliases each wait for the other. They are taken out and put in again
// together, unless one that is in force would be lost by it.
void exchange_aliases(policy::SnapshotEditor& editor, std::vector<Put>& puts) {
  const auto stuck = conflicting_in(puts);
  if (stuck.size() < 2) return;
  policy::SnapshotEditor trial = editor;
  for (const Put* put : stuck) trial.erase(put->key);
  std::vector<Put*> done;
  for (Put* put : stuck) {
    if (trial.put(put->key, put->json)) {
      done.push_back(put);
    } else if (editor.draft().fingerprint(put->key) != 0) {
      return;
    }
  }
  editor = std::move(trial);
  for (Put* put : done) {
    put->fate = Fate::applied;
    put->reason.clear();
  }
}

}  // namespace

bool Outcome::changed() const {
  return !erased.empty() ||
         std::ranges::any_of(puts, [](const Put& put) { return put.fate == Fate::applied; });
}

Outcome apply(const policy::Snapshot& base, const policy::DecodeOptions& options,
              std::vector<Put> puts, const std::vector<policy::DocumentKey>& erase) {
  Outcome outcome{policy::SnapshotEditor(base, options), std::move(puts), {}};
  for (const auto& key : erase) {
    if (outcome.editor.draft().fingerprint(key) == 0) continue;
    outcome.editor.erase(key);
    outcome.erased.push_back(key);
  }
  // By key, so that the same documents end the same way whatever order they came in.
  std::ranges::sort(outcome.puts, {}, &Put::key);
  for (auto& put : outcome.puts) put_one(outcome.editor, options, put);
  for (int round = 0; round < kRounds; ++round) {
    const auto waiting = conflicting_in(outcome.puts);
    for (Put* put : waiting) put_one(outcome.editor, options, *put);
    const auto still = conflicting_in(outcome.puts);
    if (still.size() == waiting.size()) break;
  }
  exchange_aliases(outcome.editor, outcome.puts);
  return outcome;
}

bool may_claim_aliases(policy::DocumentType type) {
  return type == policy::DocumentType::domain || type == policy::DocumentType::opensrs;
}

policy::TypeCounts counts_of(const policy::Snapshot& snapshot) {
  policy::TypeCounts counts{};
  for (const auto type : policy::kAllDocumentTypes) {
    counts.at(static_cast<std::size_t>(type)) = snapshot.count(type);
  }
  return counts;
}

}  // namespace postern::keeper
