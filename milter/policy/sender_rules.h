// Purpose:   the allow and block rules of one owner (a domain or a mailbox), indexed by whom they
//            name.
// Ownership: immutable; a Snapshot holds it behind a shared pointer. The rules that a look-up visits
//            live as long as it.
// Threading: any number of readers.
// Cost:      one hash look-up for the address, one for its domain and one for each parent domain,
//            however long the list is.
// Failure:   none: what is no address and no domain was refused while decoding.
// Source:    the Cleanmail admin API's model FilterSender; docs/semantics.md, "Allow and block".
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mail/address.h"

namespace postern::policy {

enum class SenderRuleType { allow, block, protect };
// "ALLOW", "BLOCK", "PROTECTED".
std::string_view to_string(SenderRuleType type);

struct SenderRule {
  std::string id;
  SenderRuleType type = SenderRuleType::block;
  // In the one form: "joe@got.com" (Address::key()), "got.com" (that domain), ".got.com" (what is
  // below it).
  std::string value;
  std::optional<std::chrono::system_clock::time_point> expire_at;
  std::optional<bool> spf_on;

  bool names_an_address() const { return value.find('@') != std::string::npos; }
  bool has_expired(std::chrono::system_clock::time_point now) const {
    return expire_at && now >= *expire_at;
  }
  // spfOn counts for ALLOW alone, and what is not said means yes.
  bool wants_authentication() const {
    return type == SenderRuleType::allow && spf_on.value_or(true);
  }
};

// The one form of a rule's value ("@d" and "*@d" are "d", "*.d" is ".d"); nothing: it names neither an
// address nor a domain.
std::optional<std::string> sender_rule_value(std::string_view text);

class SenderRules {
 public:
  SenderRules(std::string owner, std::vector<SenderRule> rules);
  SenderRules(SenderRules&&) = default;
  SenderRules& operator=(SenderRules&&) = default;
  SenderRules(const SenderRules&) = delete;  // the index points into the rules
  SenderRules& operator=(const SenderRules&) = delete;
  ~SenderRules() = default;

  // A domain's A-label or Address::key(): the name in the document's key.
  const std::string& owner() const { return owner_; }
  // "wblist:<owner>".
  std::string source() const { return "wblist:" + owner_; }
  // In the document's order.
  const std::vector<SenderRule>& rules() const { return rules_; }

  bool has(SenderRuleType type) const { return rules_of(type).any; }
  // Whether a rule of this type has not expired; _of_addresses: among those that
  // name an address.
  bool has_in_force(SenderRuleType type, std::chrono::system_clock::time_point now) const {
    return now < rules_of(type).until;
  }
  bool has_in_force_of_addresses(SenderRuleType type,
                                 std::chrono::system_clock::time_point now) const {
    return now < rules_of(type).addresses_until;
  }

  // Every rule that names the address or its domain, expired ones too: of the address first, then of
  // its domain, then of what its domain is below, nearest first; each group in the document's order.
  void for_each_match(const mail::Address& address,
                      const std::function<void(const SenderRule&)>& visit) const;

 private:
  struct Run {  // in by_value_
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  // When the last rule of a type expires; the beginning of time: there is none.
  struct OfType {
    bool any = false;
    std::chrono::system_clock::time_point until = std::chrono::system_clock::time_point::min();
    std::chrono::system_clock::time_point addresses_until =
        std::chrono::system_clock::time_point::min();
  };
  const OfType& rules_of(SenderRuleType type) const {
    return of_type_.at(static_cast<std::size_t>(type));
  }
  void visit_run(const std::string& value,
                 const std::function<void(const SenderRule&)>& visit) const;

  std::string owner_;
  std::vector<SenderRule> rules_;
  std::array<OfType, 3> of_type_;                    // by SenderRuleType
  std::vector<std::uint32_t> by_value_;              // positions in rules_, sorted by value
  std::unordered_map<std::string_view, Run> index_;  // the keys are the rules' own values
};

}  // namespace postern::policy
