#include "predict/compare.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>

#include "decide/recipient.h"
#include "decide/sender_rules.h"
#include "mail/envelope.h"
#include "predict/domain_effects.h"
#include "predict/treatment.h"
#include "route/route.h"

namespace postern::predict {
namespace {

using policy::DocumentType;
using policy::RecipientPolicy;
using policy::Snapshot;

// Nobody has it; where somebody does, another one is made.
constexpr std::string_view kStranger = "nobody-in-particular";

struct Subject {
  std::string address;
  std::string domain;    // the primary one, in whichever snapshot has it
  bool is_user = false;  // false: any other address of the domain
};

struct Side {
  const Snapshot& snapshot;
  decide::RecipientVerdict verdict;

  const RecipientPolicy* rules() const {
    const auto* const served = std::get_if<decide::Served>(&verdict);
    return served == nullptr ? nullptr : &served->rules;
  }
  std::string admission() const {
    if (const auto* reply = std::get_if<mail::Reply>(&verdict)) {
      return "refused at RCPT (" + codes_of(*reply) + ")";
    }
    return "taken";
  }
};

// What two lists say of every sender that either names.
std::vector<Effect> compare_lists(const RecipientPolicy& before, const RecipientPolicy& now,
                                  std::chrono::system_clock::time_point time) {
  std::set<std::string> values;
  for (const RecipientPolicy* rules : {&before, &now}) {
    for (const auto* lists : {&rules->user_rules, &rules->domain_rules}) {
      for (const policy::SenderRules* list : *lists) {
        for (const policy::SenderRule& rule : list->rules()) values.insert(rule.value);
      }
    }
  }
  const auto verdict = [time](const RecipientPolicy& rules, const mail::Sender& sender,
                              decide::SpfResult result) -> std::string {
    decide::SpfVerdict spf;
    spf.result = result;
    spf.domain = sender.address->domain();
    const decide::SenderQuestion question{.recipient = rules,
                                          .sender = sender,
                                          .client = {},
                                          .is_authorised_for = [](const auto&) { return false; },
                                          .spf = &spf,
                                          .now = time};
    using Verdict = decide::SenderListing::Verdict;
    switch (decide::judge_sender_rules(question, nullptr).verdict) {
      case Verdict::none:
        return "judged by what is in it";
      case Verdict::allowed:
        return "allowed";
      case Verdict::blocked:
        return "blocked";
      case Verdict::forged:
        return "a forgery";
      case Verdict::always_spam:
        return "always spam";
    }
    return "";
  };
  std::vector<Effect> effects;
  for (const std::string& value : values) {
    std::string address = value;
    if (value.starts_with('.')) address = "somebody@below" + value;
    if (address.find('@') == std::string::npos) address = "somebody@" + value;
    const std::string given = "<" + address + ">";
    const mail::Sender sender = mail::parse_sender({given});
    if (!sender.address) continue;
    for (const auto& [result, words] : {std::pair(decide::SpfResult::pass, ""),
                                        std::pair(decide::SpfResult::fail, ", SPF fails")}) {
      Effect effect{"mail from " + value + words, verdict(before, sender, result),
                    verdict(now, sender, result)};
      if (effect.before != effect.now) effects.push_back(std::move(effect));
    }
  }
  return effects;
}

class Comparison {
 public:
  Comparison(const Snapshot& before, const Snapshot& now, const CompareOptions& options)
      : before_(before), now_(now), options_(options) {}

  Effects run(const std::function<void(std::size_t)>& progress) {
    std::size_t looked_at = 0;
    const auto each = [&](const Snapshot& snapshot, const Snapshot* other) {
      snapshot.for_each_key([&](const policy::DocumentKey& key) {
        const bool is_known = other != nullptr && other->fingerprint(key) != 0;
        if (is_known) return;
        if (key.type == DocumentType::user) look_at_user(key.name);
        progress(++looked_at);
      });
      snapshot.for_each_domain([&](const policy::Domain& domain) {
        if (other != nullptr && other->domain(domain.name) != nullptr) return;
        look_at_domain(domain.name);
        progress(++looked_at);
      });
    };
    each(now_, nullptr);
    each(before_, &now_);
    return std::move(effects_);
  }

 private:
  void look_at_user(const std::string& address) {
    const std::string name = address.substr(address.rfind('@') + 1);
    // Under an alias' name, or a domain that is not served, nobody looks a user up.
    if (before_.domain(name) == nullptr && now_.domain(name) == nullptr) return;
    look_at({address, name, true});
  }

  void look_at_domain(const std::string& name) {
    std::string stranger = std::string(kStranger) + "@" + name;
    while (before_.user(stranger) != nullptr || now_.user(stranger) != nullptr) {
      stranger.insert(0, 1, 'x');
    }
    look_at({stranger, name, false});
    for (const Effect& effect : compare_domain(before_, now_, name)) {
      Affected& affected = effects_[effect];
      affected.domains.insert(name);
      ++affected.other_addresses;
    }
  }

  Side side(const Snapshot& snapshot, const Subject& subject) const {
    const std::string given = "<" + subject.address + ">";
    const auto recipient = mail::parse_recipient({given});
    if (!recipient) return {snapshot, mail::Reply{550, "5.1.3", "bad recipient address syntax"}};
    return {snapshot, decide::judge_recipient(snapshot, *recipient, std::nullopt,
                                              options_.recipient_delimiters, nullptr)};
  }

  void look_at(const Subject& subject) {
    const Side was = side(before_, subject);
    const Side is = side(now_, subject);
    const RecipientPolicy* const old_rules = was.rules();
    const RecipientPolicy* const new_rules = is.rules();
    if (old_rules == nullptr || new_rules == nullptr) {
      Effect effect{"all mail", was.admission(), is.admission()};
      if (effect.before != effect.now) note(effect, subject);
      return;
    }
    for (const Effect& effect : *incoming(*old_rules, *new_rules)) note(effect, subject);
    if (lists_differ(*old_rules, *new_rules)) {
      for (const Effect& effect : *listed(*old_rules, *new_rules)) note(effect, subject);
    }
    note_if_it_differs({"delivery", transport(old_rules->platform), transport(new_rules->platform)},
                       subject);
    look_at_sender(subject);
  }

  static std::string transport(const policy::Platform* platform) {
    return platform == nullptr ? "nowhere" : route::transport_of(*platform);
  }

  static constexpr const char* kTaken = "taken";

  static std::string sending_of(const RecipientPolicy& rules) {
    const bool is_off =
        rules.opensrs != nullptr && rules.opensrs->smtp_relay != policy::ServiceState::enabled;
    if (is_off) return "refused: service_smtprelay is off";
    return rules.policy->outgoing ? kTaken : "refused: outgoing is off";
  }

  // As somebody who sends, logged in.
  void look_at_sender(const Subject& subject) {
    const auto address = mail::Address::parse(subject.address);
    if (!address) return;
    const auto was = policy::resolve_sender(before_, *address, options_.recipient_delimiters);
    const auto is = policy::resolve_sender(now_, *address, options_.recipient_delimiters);
    const auto* const old_rules = std::get_if<RecipientPolicy>(&was);
    const auto* const new_rules = std::get_if<RecipientPolicy>(&is);
    if (old_rules == nullptr || new_rules == nullptr) return;
    const std::string before = sending_of(*old_rules);
    const std::string now = sending_of(*new_rules);
    note_if_it_differs({"outgoing mail", before, now}, subject);
    if (before != kTaken || now != kTaken) return;
    auto& known = outgoing_[{old_rules->policy, new_rules->policy}];
    if (!known) {
      const bool alike = *old_rules->policy == *new_rules->policy;
      known = std::make_shared<const std::vector<Effect>>(
          alike ? std::vector<Effect>()
                : compare_outgoing(*old_rules->policy, *new_rules->policy, options_.decide));
    }
    for (const Effect& effect : *known) note(effect, subject);
  }

  void note_if_it_differs(const Effect& effect, const Subject& subject) {
    if (effect.before != effect.now) note(effect, subject);
  }

  void note(const Effect& effect, const Subject& subject) {
    Affected& affected = effects_[effect];
    affected.domains.insert(subject.domain);
    if (!subject.is_user) {
      ++affected.other_addresses;
      return;
    }
    ++affected.users;
    if (affected.some_users.size() < kNamedUsers) affected.some_users.push_back(subject.address);
  }

  using Shared = std::shared_ptr<const std::vector<Effect>>;

  // Thousands of users have the same rules: each pair of them is probed once.
  Shared incoming(const RecipientPolicy& was, const RecipientPolicy& is) {
    const auto marks = [](const RecipientPolicy& rules) {
      return std::tuple(
          rules.domain->enforcement,
          rules.domain->sender_verify && (rules.user == nullptr || rules.user->sender_verify));
    };
    const bool alike = marks(was) == marks(is) && *was.policy == *is.policy;
    if (alike) return nothing_;
    auto& known = incoming_[{was.policy, is.policy, marks(was), marks(is)}];
    if (!known) {
      known =
          std::make_shared<const std::vector<Effect>>(compare_incoming(was, is, options_.decide));
    }
    return known;
  }

  bool lists_differ(const RecipientPolicy& was, const RecipientPolicy& is) const {
    const auto prints = [](const Snapshot& snapshot, const RecipientPolicy& rules) {
      std::vector<std::uint64_t> all;
      for (const auto* lists : {&rules.user_rules, &rules.domain_rules}) {
        all.push_back(0);
        for (const policy::SenderRules* list : *lists) {
          all.push_back(snapshot.fingerprint({DocumentType::wblist, list->owner()}));
        }
      }
      all.push_back(static_cast<std::uint64_t>(rules.domain->list_priority));
      return all;
    };
    return prints(before_, was) != prints(now_, is);
  }

  Shared listed(const RecipientPolicy& was, const RecipientPolicy& is) {
    auto& known = listed_[{was.user_rules, was.domain_rules, is.user_rules, is.domain_rules}];
    if (!known) {
      known = std::make_shared<const std::vector<Effect>>(compare_lists(was, is, options_.now));
    }
    return known;
  }

  using Marks = std::tuple<policy::Enforcement, bool>;
  using Lists = std::vector<const policy::SenderRules*>;

  const Snapshot& before_;
  const Snapshot& now_;
  const CompareOptions& options_;
  Effects effects_;
  const Shared nothing_ = std::make_shared<const std::vector<Effect>>();
  std::map<std::tuple<const policy::Policy*, const policy::Policy*, Marks, Marks>, Shared>
      incoming_;
  std::map<std::pair<const policy::Policy*, const policy::Policy*>, Shared> outgoing_;
  std::map<std::tuple<Lists, Lists, Lists, Lists>, Shared> listed_;
};

}  // namespace

Effects compare(const Snapshot& before, const Snapshot& now, const CompareOptions& options,
                const std::function<void(std::size_t)>& progress) {
  return Comparison(before, now, options).run(progress);
}

}  // namespace postern::predict
