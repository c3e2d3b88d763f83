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
#include <vector>

#include "mail/address.h"
#include "policy/snapshot.h"

namespace postern::policy {

struct UnknownDomain {};
struct Dangling {
  std::string what;  // "user:a@b: policyId X does not resolve"
};

// An address is a user, else a group, else somebody for the catchall, else unknown.
struct RecipientPolicy {
  mail::Address canonical;     // the alias domain replaced by its primary; the catchall's mailbox
  bool through_alias = false;  // the given domain was an alias
  bool through_catchall =
      false;  // nobody has the given address; canonical is the catchall's mailbox
  const Domain* domain = nullptr;
  const User* user = nullptr;    // nullptr: no such user document
  const Group* group = nullptr;  // the address is this group; it may be empty
  const Policy* policy = nullptr;
  // Which document the rules came from: "user:…", "domain:…", "policy:…", "opensrs:…".
  std::string policy_source = {};
  const Platform* platform = nullptr;  // nullptr: the domain has none
  std::string platform_source = {};

  // The owner's own list first, then those that stand under an alias domain. Empty: no rules.
  std::vector<const SenderRules*> user_rules = {};
  std::vector<const SenderRules*> domain_rules = {};
  const AttachmentRules* attachments = nullptr;           // of the domain
  const AttachmentRules* platform_attachments = nullptr;  // attachments:*
  const UriRules* uris = nullptr;
  const OpensrsDomain* opensrs = nullptr;

  // Whether the message must be sent to another address than it was given.
  bool is_rewritten() const { return through_alias || through_catchall; }
  // Whether our documents know the address. Where they do not, its platform may.
  bool is_known() const { return user != nullptr || group != nullptr; }
};

using Resolved = std::variant<UnknownDomain, Dangling, RecipientPolicy>;

struct DanglingId {
  DocumentType type;  // policy or platform
  Id id;
};
// The ids of a user, or of a domain with `user` nullptr, that do not resolve: its mail is deferred.
std::vector<DanglingId> dangling_ids(const Snapshot& snapshot, const Domain& domain,
                                     const User* user);

// The user an address of `domain` (or of an alias of it) stands for; nullptr: no such document.
const User* find_user(const Snapshot& snapshot, const Domain& domain, const mail::Address& address,
                      std::string_view delimiters);

// The group an address of `domain` (or of an alias of it) stands for; nullptr: none.
const Group* find_group(const Snapshot& snapshot, const Domain& domain,
                        const mail::Address& address);

// The mailbox that gets what is sent to nobody in `domain`; nothing: there is no catchall, or its
// mailbox is no user and no group of this domain.
std::optional<mail::Address> find_catchall(const Snapshot& snapshot, const Domain& domain);

// The server that takes what this sender (nothing: the null sender) sends to the world; nullptr: nobody
// does, it goes by MX. First that of his domain, under its primary name or an alias; of a domain that is
// not ours, that of the nearest domain above it (a custom MAIL FROM domain is a customer's subdomain), or
// the one whose senderAddress he is; then smarthost:default.
const Smarthost* find_smarthost(const Snapshot& snapshot,
                                const std::optional<mail::Address>& sender);

// Who is in the group, through groups that are in it. A user is no group, whatever a member is called.
Expansion expand(const Snapshot& snapshot, const Group& group);

// `delimiters` is recipient_delimiter; the sub-address is cut for the user look-up only.
Resolved resolve(const Snapshot& snapshot, const mail::Address& address,
                 std::string_view delimiters);

// The same for an address that sends: what the catchall receives it does not send, and so nobody's
// address stays nobody's.
Resolved resolve_sender(const Snapshot& snapshot, const mail::Address& address,
                        std::string_view delimiters);

}  // namespace postern::policy
