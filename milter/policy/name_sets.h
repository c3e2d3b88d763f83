// Purpose:   sets of names under a key, one map of the snapshot's; no empty set is kept.
// Threading: of the editor's thread.
#pragma once

#include <string>

#include "base/persistent_map.h"

namespace postern::policy {

template <typename Names>
void add_to(PersistentMap<std::string, Names>& sets, const std::string& key,
            const std::string& name) {
  const Names* known = sets.find(key);
  Names names = known == nullptr ? Names{} : *known;
  names.put(name, {});
  sets.put(key, std::move(names));
}

template <typename Names>
void remove_from(PersistentMap<std::string, Names>& sets, const std::string& key,
                 const std::string& name) {
  const Names* known = sets.find(key);
  if (known == nullptr) return;
  Names names = *known;
  names.erase(name);
  if (names.empty()) {
    sets.erase(key);
  } else {
    sets.put(key, std::move(names));
  }
}

}  // namespace postern::policy
