// Purpose:   who is this address to us, and which rules apply to it.
// Ownership: what is answered borrows from the Snapshot and lives as long as it.
// Threading: pure functions over an immutable snapshot.
// Failure:   a policyId or platformId that does not resolve is Dangling (temporary for that
//            recipient), never the domain default.
// Source:    docs/semantics.md, "Which rules apply"; User.policy, Domain.policy, Domain.platforms.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "mail/address.h"
#include "policy/snapshot.h"

namespace postern::policy {

struct UnknownDomain {};
struct Dangling {
  std::string what;  // "user:a@b: policyId X does not resolve"
};

struct RecipientPolicy {
  mail::Address canonical;     // the alias domain replaced by its primary
  bool through_alias = false;  // the given domain was an alias
  const Domain* domain = nullptr;
  const User* user = nullptr;  // nullptr: no such user document
  const Policy* policy = nullptr;
  std::string
      policy_source;  // which document the rules came from: "user:…", "domain:…", "policy:…"
  const Platform* platform = nullptr;  // nullptr: the domain has none
  std::string platform_source;
};

using Resolved = std::variant<UnknownDomain, Dangling, RecipientPolicy>;

// The user an address of `domain` (or of an alias of it) stands for; nullptr: no such document.
const User* find_user(const Snapshot& snapshot, const Domain& domain, const mail::Address& address,
                      std::string_view delimiters);

// `delimiters` is recipient_delimiter; the sub-address is cut for the user look-up only.
Resolved resolve(const Snapshot& snapshot, const mail::Address& address,
                 std::string_view delimiters);

}  // namespace postern::policy
