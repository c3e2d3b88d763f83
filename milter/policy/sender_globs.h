// Purpose:   a list of sender addresses with wildcards, and the entry that names a sender.
// Ownership: a value; immutable once made.
// Threading: any number of readers.
// Cost:      exact entries and "*@domain" by hash; any other in time linear in the address.
// Failure:   entries that cannot count are left out; faults() says which.
// Source:    OpenSRS change_domain, attributes allow and block; docs/semantics.md, "OpenSRS domains".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mail/address.h"

namespace postern::policy {

inline constexpr std::size_t kMaxGlobs = 1'000;
inline constexpr std::size_t kMaxWildcards = 5;

// '*' is any run, the empty one too; every other character is itself, '?' too. Linear in the text.
bool glob_matches(std::string_view pattern, std::string_view text);

class SenderGlobs {
 public:
  SenderGlobs() = default;
  explicit SenderGlobs(const std::vector<std::string>& entries);

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  // The entry, lower case, that names the address: an exact one before a domain's before any other, each
  // in the order of the list. Nullptr: none.
  const std::string* find(const mail::Address& address) const;
  // "/7: more than 5 wildcards", "1200 entries, the first 1000 count".
  const std::vector<std::string>& faults() const { return faults_; }

 private:
  std::vector<std::string> entries_;                        // those that count, lower case
  std::unordered_map<std::string, std::uint32_t> exact_;    // address -> position in entries_
  std::unordered_map<std::string, std::uint32_t> domains_;  // "*@got.com": got.com -> position
  std::vector<std::uint32_t> others_;
  std::vector<std::string> faults_;
};

}  // namespace postern::policy
