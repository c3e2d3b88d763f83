#include "policy/cross_check.h"

#include <algorithm>
#include <string>

#include "mail/address.h"
#include "policy/resolve.h"

namespace postern::policy {
namespace {

constexpr std::string_view kDeferred = " does not resolve; its mail is deferred";

class Checker {
 public:
  explicit Checker(const Snapshot& snapshot) : snapshot_(snapshot) {}

  void check(const DocumentKey& key) {
    switch (key.type) {
      case DocumentType::domain:
        check_domain(key);
        return;
      case DocumentType::user:
        check_user(key);
        return;
      case DocumentType::groups:
        check_owner(key, key.name);
        check_groups(key);
        return;
      case DocumentType::wblist:
      case DocumentType::dkim:
      case DocumentType::uris:
        check_owner(key, domain_part(key.name));
        return;
      case DocumentType::attachments:
        if (key.name != "*") check_owner(key, key.name);
        return;
      case DocumentType::policy:
      case DocumentType::platform:
      case DocumentType::opensrs:
      case DocumentType::mailfrom:
      case DocumentType::identity:
      case DocumentType::smarthost:
        return;
    }
  }

  CrossFaults take() { return std::move(found_); }

 private:
  static std::string domain_part(const std::string& name) {
    return name.substr(name.rfind('@') + 1);
  }

  void warn(const DocumentKey& key, std::string pointer, std::string what) {
    found_.warnings.push_back({key, {std::move(pointer), std::move(what)}});
  }

  void check_ids(const DocumentKey& key, const Domain& domain, const User* user) {
    for (const DanglingId& one : dangling_ids(snapshot_, domain, user)) {
      const std::string member = one.type == DocumentType::policy ? "policyId" : "platformId";
      found_.faults.push_back(
          {key, {"/" + member, one.id + std::string(kDeferred)}, DocumentKey{one.type, one.id}});
    }
  }

  void check_domain(const DocumentKey& key) {
    const Domain* const domain = snapshot_.domain(key.name);
    if (domain == nullptr) return;
    check_ids(key, *domain, nullptr);
    if (!domain->policy && !domain->policy_id) warn(key, "", "has no policy; its mail is deferred");
    for (const std::string& fault : domain->subnet_faults) warn(key, "/outgoingSubnets", fault);
    for (const std::string& alias : domain->aliases) {
      if (snapshot_.domain(alias) == nullptr) continue;
      warn(key, "/domainAliases", alias + " is a domain of its own, and is served as that");
    }
  }

  void check_user(const DocumentKey& key) {
    const std::string name = domain_part(key.name);
    const Domain* const domain = snapshot_.domain(name);
    check_ids(key, domain == nullptr ? Domain{} : *domain, snapshot_.user(key.name));
    if (domain == nullptr) {
      const Domain* const primary = snapshot_.domain_or_alias(name);
      warn(key, "/email",
           primary == nullptr
               ? "no domain " + name + " is served: the user is never looked up"
               : name + " is an alias of " + primary->name + ": the user is never looked up");
    }
  }

  void check_owner(const DocumentKey& key, const std::string& domain) {
    if (snapshot_.domain_or_alias(domain) != nullptr) return;
    warn(key, "", "no domain " + domain + " is served: it counts for nobody");
  }

  void check_groups(const DocumentKey& key) {
    const Groups* const groups = snapshot_.groups(key.name);
    if (groups == nullptr) return;
    for (std::size_t i = 0; i < groups->groups().size(); ++i) {
      const Group& group = groups->groups()[i];
      const std::string pointer = "/" + std::to_string(i);
      if (snapshot_.user(group.email) != nullptr) {
        warn(key, pointer + "/email", group.email + " is a user, and the user wins");
      }
      if (const auto fault = expand(snapshot_, group).fault) {
        found_.faults.push_back({key, {pointer + "/recipients", *fault}});
      }
      if (group.members.empty()) {
        warn(key, pointer + "/recipients", "nobody is in " + group.email + ": its mail is refused");
      }
    }
  }

  const Snapshot& snapshot_;
  CrossFaults found_;
};

}  // namespace

CrossFaults cross_check(const Snapshot& snapshot) {
  Checker checker(snapshot);
  snapshot.for_each_key([&checker](const DocumentKey& key) { checker.check(key); });
  CrossFaults found = checker.take();
  const auto by_key = [](const CrossFault& a, const CrossFault& b) { return a.key < b.key; };
  std::stable_sort(found.faults.begin(), found.faults.end(), by_key);
  std::stable_sort(found.warnings.begin(), found.warnings.end(), by_key);
  return found;
}

}  // namespace postern::policy
