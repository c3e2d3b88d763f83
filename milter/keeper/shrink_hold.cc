#include "keeper/shrink_hold.h"

#include <algorithm>

#include "keeper/batch.h"

namespace postern::keeper {
namespace {

// Both kinds make a domain one that is served.
constexpr auto kDomain = static_cast<std::size_t>(policy::DocumentType::domain);
constexpr auto kOpensrs = static_cast<std::size_t>(policy::DocumentType::opensrs);

bool has_domains(const policy::TypeCounts& counts) {
  return counts.at(kDomain) > 0 || counts.at(kOpensrs) > 0;
}

}  // namespace

void ShrinkHold::rebase(const policy::Snapshot& in_force) {
  baseline_ = counts_of(in_force);
  full_set_.reset();
  deletes_.clear();
}

// The larger of the two: neither many small losses nor what was added meanwhile hides a loss.
policy::TypeCounts ShrinkHold::before(const policy::Snapshot& in_force) const {
  policy::TypeCounts counts = counts_of(in_force);
  for (std::size_t at = 0; at < counts.size(); ++at) {
    counts.at(at) = std::max(counts.at(at), baseline_.at(at));
  }
  return counts;
}

policy::TypeCounts ShrinkHold::without_held(const policy::Snapshot& snapshot) const {
  policy::TypeCounts counts = counts_of(snapshot);
  for (const auto& key : deletes_) {
    if (snapshot.fingerprint(key) != 0) --counts.at(static_cast<std::size_t>(key.type));
  }
  return counts;
}

std::optional<std::string> ShrinkHold::refuse(const policy::TypeCounts& before,
                                              const policy::TypeCounts& after) const {
  if (auto why = policy::refuse_shrink(before, after, share_)) return why;
  if (has_domains(before) && !has_domains(after)) return "no domain would remain";
  return std::nullopt;
}

std::optional<std::string> ShrinkHold::refuse_full_set(const policy::Snapshot& in_force,
                                                       const policy::Snapshot& wanted) {
  full_set_ = refuse(before(in_force), counts_of(wanted));
  return full_set_;
}

std::set<policy::DocumentType> ShrinkHold::refused_deletes(const policy::Snapshot& in_force,
                                                           const policy::Snapshot& wanted) const {
  const policy::TypeCounts old = before(in_force);
  const policy::TypeCounts all = without_held(wanted);
  std::set<policy::DocumentType> refused;
  for (const auto type : policy::kAllDocumentTypes) {
    const auto at = static_cast<std::size_t>(type);
    policy::TypeCounts after = old;
    after.at(at) = all.at(at);
    if (refuse(old, after)) refused.insert(type);
  }
  // Each alone would leave the other's; together they leave nothing.
  if (has_domains(old) && !has_domains(all)) {
    refused.insert({policy::DocumentType::domain, policy::DocumentType::opensrs});
  }
  return refused;
}

std::optional<std::string> ShrinkHold::describe(const policy::Snapshot& in_force) const {
  if (full_set_) return "full set: " + *full_set_;
  if (deletes_.empty()) return std::nullopt;
  const auto why = refuse(before(in_force), without_held(in_force));
  return std::to_string(deletes_.size()) + " deletions" + (why ? ": " + *why : " held");
}

}  // namespace postern::keeper
