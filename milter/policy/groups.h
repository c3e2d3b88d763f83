// Purpose:   the mail groups of one domain, and who is in them.
// Ownership: immutable.
// Threading: any number of readers; expansion is a pure function.
// Failure:   an expansion that meets a bound says which; what it found until then is not to be used.
// Source:    the Cleanmail admin API's models EmailAlias and EmailAliasRecipient; docs/semantics.md,
//            "Groups".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mail/address.h"

namespace postern::policy {

enum class MemberType { user, external, alias };

struct GroupMember {
  mail::Address address;
  MemberType type = MemberType::user;
};

struct Group {
  std::string id;
  std::string email;  // Address::key()
  std::vector<GroupMember> members;
};

class Groups {
 public:
  Groups() : Groups("", {}) {}
  Groups(std::string domain, std::vector<Group> groups);

  const std::string& domain() const { return domain_; }
  const std::vector<Group>& groups() const { return groups_; }
  // Address::key(); nullptr: no such group.
  const Group* find(const std::string& address_key) const;

 private:
  std::string domain_;
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::uint32_t> index_;
};

inline constexpr std::size_t kMaxGroupDepth = 10;
inline constexpr std::size_t kMaxGroupMembers = 1'000;

struct Expansion {
  // Users and external addresses, each once, in the order in which they were met. A member that is
  // called an alias and is no group is one of them: nobody's mail is lost over a type.
  std::vector<GroupMember> members;
  std::optional<std::string> fault;  // "more than 1000 members", "nested deeper than 10"
};

// `group_of` answers the group of an Address::key(), or nullptr. A group that is met again is not
// entered again, so that groups may hold each other. The group itself is depth 1.
Expansion expand(const Group& group,
                 const std::function<const Group*(const std::string&)>& group_of);

}  // namespace postern::policy
