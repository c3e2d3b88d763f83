// Purpose:   what the rules of one recipient's lists make of a message's senders: every rule that names one of
//            them is weighed against who vouches for it; sender_rules.cc asks, and nobody else.
// Ownership: a judge borrows its question, which must outlive it.
// Threading: immutable once built.
// Source:    docs/semantics.md, "Allow and block".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "decide/sender_rules.h"

namespace postern::decide::judging {

using policy::SenderRule;
using policy::SenderRules;
using policy::SenderRuleType;
using Verdict = SenderListing::Verdict;

inline constexpr std::size_t kLongestAddress = 200;

// One identity of the message that a list may name.
struct Identity {
  const mail::Address* address = nullptr;
  bool by_header = false;

  std::string to_string() const {
    return std::string(by_header ? "the header From " : "the envelope sender ") +
           printable(address->to_string(), kLongestAddress);
  }
};

// A rule that names an identity.
struct Named {
  const SenderRule* rule = nullptr;
  const SenderRules* list = nullptr;
  Identity who;
  bool of_user = false;

  std::string name() const {
    return std::string(policy::to_string(rule->type)) + " " + rule->value;
  }
};

// What evidence that is not there is taken to be; nothing: it is there, or it is not and passes nobody.
struct Assumed {
  std::optional<bool> spf_passes;
  std::optional<bool> dkim_passes;
  std::optional<bool> dmarc_fails;
};

struct Outcome {
  Verdict verdict = Verdict::none;
  const Named* by = nullptr;
  // Of OpenSRS: the entry, and what it names.
  std::string entry;
  std::string named;
};

class Judge {
 public:
  explicit Judge(const SenderQuestion& question) : question_(question) {
    if (question.sender.address) identities_.push_back({&*question.sender.address, false});
    if (question.from != nullptr) {
      for (const mail::Address& author : question.from->addresses) {
        identities_.push_back({&author, true});
      }
    }
    collect(question.recipient.user_rules, true);
    collect(question.recipient.domain_rules, false);
    if (question.recipient.opensrs != nullptr) collect_entries(*question.recipient.opensrs);
  }

  Outcome decide(const Assumed& assumed) const;
  SenderNeeds needs() const;
  // RCPT: whether a header From could still save a sender who is blocked by the envelope.
  bool header_may_save() const;
  bool has_any_rule() const;
  bool missed_evidence(const Named& rule, std::string& what) const;
  void explain(const Outcome& outcome, Explanation& why) const;

 private:
  // An OpenSRS entry that names an identity.
  struct Entry {
    const std::string* entry;
    Identity who;
    Verdict verdict;
  };

  void collect(const std::vector<const SenderRules*>& lists, bool of_user);
  void collect_entries(const policy::OpensrsDomain& opensrs);
  bool is_authorised(const Identity& who) const {
    return question_.is_authorised_for && question_.is_authorised_for(who.address->domain());
  }
  bool spf_passes(const Identity& who, const Assumed& assumed) const;
  bool dkim_passes(const Identity& who, const Assumed& assumed) const;
  bool author_counts(const Assumed& assumed) const;
  bool is_usable(const Named& named, const Assumed& assumed) const;
  bool is_forged(const Named& named, const Assumed& assumed) const;
  const Named* best(bool of_user, const Assumed& assumed) const;
  const Named* winner(const Assumed& assumed) const;
  bool user_rules_win() const {
    return question_.recipient.domain->list_priority == policy::ListPriority::user;
  }
  bool is_blocked_for_good(bool of_user) const;
  bool any_allow(bool of_user, bool of_addresses) const;
  Outcome by_opensrs_lists(const Assumed& assumed) const;
  std::string state_of(const Named& named, const Outcome& outcome, Effect& effect) const;
  const std::vector<const SenderRules*>& lists(bool of_user) const {
    return of_user ? question_.recipient.user_rules : question_.recipient.domain_rules;
  }

  const SenderQuestion& question_;
  std::vector<Identity> identities_;
  std::vector<Named> named_;
  std::vector<Named> expired_;
  std::vector<Entry> entries_;
};

}  // namespace postern::decide::judging
