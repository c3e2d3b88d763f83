#include "policy/groups.h"

#include <unordered_set>

namespace postern::policy {
namespace {

class Expander {
 public:
  explicit Expander(const std::function<const Group*(const std::string&)>& group_of)
      : group_of_(group_of) {}

  void enter(const Group& group, std::size_t depth) {
    if (depth > kMaxGroupDepth) {
      fail("nested deeper than " + std::to_string(kMaxGroupDepth));
      return;
    }
    if (!entered_.insert(group.email).second) return;
    for (const GroupMember& member : group.members) {
      if (expansion_.fault) return;
      const std::string key = member.address.key();
      const Group* inner = member.type == MemberType::alias ? group_of_(key) : nullptr;
      if (inner != nullptr) {
        enter(*inner, depth + 1);
      } else if (met_.insert(key).second) {
        add(member);
      }
    }
  }

  Expansion take() { return std::move(expansion_); }

 private:
  void add(const GroupMember& member) {
    if (expansion_.members.size() == kMaxGroupMembers) {
      fail("more than " + std::to_string(kMaxGroupMembers) + " members");
    } else {
      expansion_.members.push_back(member);
    }
  }
  void fail(std::string what) {
    if (!expansion_.fault) expansion_.fault = std::move(what);
  }

  const std::function<const Group*(const std::string&)>& group_of_;
  std::unordered_set<std::string> entered_;
  std::unordered_set<std::string> met_;
  Expansion expansion_;
};

}  // namespace

Groups::Groups(std::string domain, std::vector<Group> groups)
    : domain_(std::move(domain)), groups_(std::move(groups)) {
  for (std::uint32_t i = 0; i < groups_.size(); ++i) index_.emplace(groups_[i].email, i);
}

const Group* Groups::find(const std::string& address_key) const {
  const auto found = index_.find(address_key);
  return found == index_.end() ? nullptr : &groups_[found->second];
}

Expansion expand(const Group& group,
                 const std::function<const Group*(const std::string&)>& group_of) {
  Expander expander(group_of);
  expander.enter(group, 1);
  return expander.take();
}

}  // namespace postern::policy
