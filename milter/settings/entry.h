// Purpose:   one setting as one entry: key, description, whether a running daemon can take it over,
//            and how it is read, shown and compared. The default is the member's in settings.h.
// Ownership: values, built once.
// Threading: const after building.
// Failure:   faults go where the place says.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "settings/codec.h"
#include "settings/place.h"
#include "settings/section.h"
#include "settings/table.h"

namespace postern::settings {

// S is Settings, or a structure that stands inside one of its values (a scanner).
template <typename S>
struct Entry {
  std::string key;  // dotted, from S on
  Reload reload;
  std::string description;
  std::function<void(const Place&, S&)> read;
  std::function<std::string(const S&)> show;
  std::function<bool(const S&, const S&)> same;
};
template <typename S>
using Table = std::vector<Entry<S>>;

// `member` gives the setting's place in an S, const or not.
template <typename S, typename Member, typename T>
Entry<S> entry(std::string key, Reload reload, Member member, Codec<T> codec,
               std::string description) {
  static_assert(std::is_same_v<T&, decltype(member(std::declval<S&>()))>);
  return {std::move(key),
          reload,
          std::move(description),
          [=](const Place& place, S& into) {
            if (auto value = codec.read(place)) member(into) = *std::move(value);
          },
          [=](const S& from) { return codec.show(member(from)); },
          [=](const S& a, const S& b) { return member(a) == member(b); }};
}

// Reads a map by the table; `also` are members that somebody else reads.
template <typename S>
void read_table(const Place& place, S& into, const Table<S>& table, const std::string& prefix = "",
                const std::vector<std::string>& also = {}) {
  std::vector<std::string> known = also;
  std::vector<std::string> everywhere;
  for (const Entry<S>& entry : table) {
    everywhere.push_back(entry.key);
    if (!entry.key.starts_with(prefix)) continue;
    const std::string rest = entry.key.substr(prefix.size());
    known.push_back(rest.substr(0, rest.find('.')));
  }
  for (const auto& [name, inner] : read_members(place, known, everywhere)) {
    const std::string key = prefix + name;
    const auto entry = std::find_if(table.begin(), table.end(),
                                    [&key](const Entry<S>& each) { return each.key == key; });
    if (entry != table.end()) {
      entry->read(inner, into);
    } else if (std::find(also.begin(), also.end(), name) == also.end() &&
               inner.node().kind != Node::Kind::nothing) {
      // A section whose keys are all commented out has no value, and that is no fault.
      read_table(inner, into, table, key + ".");
    }
  }
}

// "key: value, key: value", as a YAML flow map has them between its braces.
template <typename S>
std::string show_table(const S& from, const Table<S>& table) {
  std::string text;
  for (const Entry<S>& entry : table) {
    text += (text.empty() ? "" : ", ") + entry.key + ": " + entry.show(from);
  }
  return text;
}

const Table<Settings>& settings_table();
const Table<SpamdScanner>& spamd_table();
const Table<RspamdScanner>& rspamd_table();
const Table<HeaderScanner>& header_table();
const Table<Virus>& virus_table();

Codec<Scanner> scanner();
Codec<std::optional<Virus>> virus();

}  // namespace postern::settings
