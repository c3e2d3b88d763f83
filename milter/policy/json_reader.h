// Purpose:   reads the members of one JSON object and names the member (JSON pointer) that is
// wrong. Ownership: borrows the tree and the Faults, both of which outlive it. Failure:   every wrong
// member is noted in Faults, once; every read after it goes on with its fallback, so
//            that a decoder reads straight down and asks once at the end.
// Source:    RFC 6901 (JSON pointer).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "policy/document_fault.h"
#include "policy/documents.h"
#include "policy/json_tree.h"

namespace postern::policy {

class Faults {
 public:
  // `text` is "<pointer>: <what>", or "the document: <what>". Of one member the first is kept: what
  // follows there may only follow from it.
  void note(std::string_view text);
  // The first of all, as it was noted. Nothing: all is well.
  std::optional<Error> first() const;
  std::vector<DocumentFault> take() { return std::move(faults_); }
  // A hostile document must not make as many faults as it has members.
  bool is_full() const { return faults_.size() >= kMaxDocumentFaults; }

  // From here on every member that a reader looks for is noted in `members`, by its pointer.
  void note_members_in(std::set<std::string>& members) { members_ = &members; }
  void looked_for(const std::string& pointer, std::string_view name) {
    if (members_ != nullptr) members_->insert(pointer + "/" + std::string(name));
  }

 private:
  std::vector<DocumentFault> faults_;
  std::set<std::string>* members_ = nullptr;
};

template <typename E, std::size_t N>
using EnumNames = std::array<std::pair<std::string_view, E>, N>;

// Lower case, '_' as '-': how the admin APIs' enums are compared.
std::string folded(std::string_view text);

template <typename E, std::size_t N>
std::string_view name_of(E value, const EnumNames<E, N>& names) {
  for (const auto& [name, known] : names) {
    if (known == value) return name;
  }
  return {};
}

class ObjectReader {
 public:
  // Notes a fault if `json` is no object; everything in it is absent then.
  ObjectReader(const Json& json, std::string pointer, Faults& faults);

  // Whether the member stands there, be it null.
  bool present(std::string_view name) const { return find(name) != nullptr; }
  // Nullptr: absent or null.
  const Json* value(std::string_view name) const;

  // For all of these a null member is an absent one.
  bool flag(std::string_view name, bool fallback) const;
  std::optional<std::string> text(std::string_view name, std::size_t max_size) const;
  std::string required_text(std::string_view name, std::size_t max_size) const;
  // A text whose value is never quoted.
  std::optional<std::string> secret(std::string_view name, std::size_t max_size) const;
  // An id is opaque: "ByE3n", or an integer.
  std::optional<Id> id(std::string_view name) const;
  // 8 and 8.0, not 8.5 and not "8".
  std::optional<std::int64_t> whole_number(std::string_view name, std::int64_t least,
                                           std::int64_t most) const;
  std::optional<MilliScore> score(std::string_view name) const;
  // Epoch seconds or milliseconds, or ISO 8601.
  std::optional<std::chrono::system_clock::time_point> time(std::string_view name) const;
  std::optional<ObjectReader> object(std::string_view name) const;
  // Nullptr: absent, null or no array.
  const Json::Array* array(std::string_view name) const;

  template <typename E, std::size_t N>
  E choice(std::string_view name, const EnumNames<E, N>& names, E fallback) const {
    const auto given = text(name, 64);
    if (!given) return fallback;
    std::string expected;
    for (const auto& [known, value] : names) {
      if (folded(*given) == folded(known)) return value;
      expected += (expected.empty() ? "" : ", ") + std::string(known);
    }
    wrong(name, "one of " + expected);
    return fallback;
  }

  // "<pointer>/<name>: expected <expected>, found <what stands there>".
  void wrong(std::string_view name, std::string_view expected) const;
  // "<pointer>/<name>: <what>".
  void note(std::string_view name, std::string_view what) const;
  std::string pointer_to(std::string_view name) const;
  Faults& faults() const { return *faults_; }

 private:
  const Json* find(std::string_view name) const {
    faults_->looked_for(pointer_, name);
    return json_->find(name);
  }

  const Json* json_;
  std::string pointer_;
  Faults* faults_;
};

// "a string \"abc\"", cut and made printable; the value of a secret member is left out.
std::string description_of(const Json& json, std::string_view member_name);

// A pointer to the document itself is empty: say so in words.
std::string spoken(const std::string& pointer);

// Milliseconds since the epoch when >= 10^11, else seconds. Nothing: before 1970 or past 2200.
std::optional<std::chrono::system_clock::time_point> time_from_epoch(std::int64_t value);
// "2026-05-25", "2026-05-25T15:39:03.340Z", "…+02:00", "…+0200"; without a zone it is UTC.
std::optional<std::chrono::system_clock::time_point> time_from_iso8601(std::string_view text);

}  // namespace postern::policy
