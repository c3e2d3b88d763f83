#include "settings/section.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace postern::settings {
namespace {

constexpr std::size_t kMaxMembers = 10'000;

// Letters to change, add or leave out (Levenshtein).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string unknown_key(const std::string& name, const std::vector<std::string>& known,
                        const std::vector<std::string>& elsewhere) {
  std::string meant = nearest(name, known);
  if (meant.empty()) {
    for (const std::string& full_key : elsewhere) {
      if (full_key.ends_with("." + name)) meant = full_key;
    }
  }
  return meant.empty() ? "unknown key" : "unknown key; did you mean " + meant + "?";
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& words) {
  if (word.size() > 64) return {};
  std::string folded = ascii_lower(word);
  std::replace(folded.begin(), folded.end(), '-', '_');
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, std::min<std::size_t>(2, word.size() / 3));
  for (const std::string& candidate : words) {
    const std::size_t its_distance = distance(folded, candidate);
    if (its_distance < best_distance || (its_distance == best_distance && best.empty())) {
      best = candidate;
      best_distance = its_distance;
    }
  }
  return best;
}

bool for_each_named(const Place& place,
                    const std::function<void(const std::string&, const Place&)>& visit) {
  if (place.node().kind != Node::Kind::map) {
    place.wrong("must be a map: {} or {name: value}");
    return false;
  }
  if (place.node().members.size() > kMaxMembers) {
    place.wrong("too many keys");
    return false;
  }
  std::map<std::string, unsigned> lines;
  for (const Node::Member& member : place.node().members) {
    const Place inner = place.member(member);
    const auto [earlier, is_new] = lines.emplace(member.key, member.line);
    if (is_new) {
      visit(member.key, inner);
    } else {
      inner.wrong("said twice, first in line " + std::to_string(earlier->second));
    }
  }
  return true;
}

std::map<std::string, Place> read_members(const Place& place, const std::vector<std::string>& known,
                                          const std::vector<std::string>& elsewhere) {
  std::map<std::string, Place> found;
  for_each_named(place, [&](const std::string& name, const Place& inner) {
    if (std::find(known.begin(), known.end(), name) != known.end()) {
      found.emplace(name, inner);
    } else {
      inner.wrong(unknown_key(name, known, elsewhere));
    }
  });
  return found;
}

}  // namespace postern::settings
