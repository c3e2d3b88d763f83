#include "decide/sender_judge.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.h"
#include "decide/dmarc.h"

namespace postern::decide::judging {

void Judge::collect(const std::vector<const SenderRules*>& lists, bool of_user) {
  for (const SenderRules* const list : lists) {
    for (const Identity& who : identities_) {
      list->for_each_match(*who.address, [&](const SenderRule& rule) {
        auto& found = rule.has_expired(question_.now) ? expired_ : named_;
        found.push_back({&rule, list, who, of_user});
      });
    }
  }
}

bool Judge::spf_passes(const Identity& who, const Assumed& assumed) const {
  if (assumed.spf_passes) return *assumed.spf_passes;
  return question_.spf != nullptr && spf_aligned(*question_.spf, who.address->domain());
}

bool Judge::dkim_passes(const Identity& who, const Assumed& assumed) const {
  if (assumed.dkim_passes) return *assumed.dkim_passes;
  return question_.dkim != nullptr && dkim_aligned(*question_.dkim, who.address->domain());
}

// Several authors vouch for nobody, and an author whom DMARC disowns is none.
bool Judge::author_counts(const Assumed& assumed) const {
  if (question_.from == nullptr || question_.from->single() == nullptr) return false;
  if (assumed.dmarc_fails) return !*assumed.dmarc_fails;
  return question_.dmarc != nullptr && question_.dmarc->result != DmarcResult::fail;
}

bool Judge::is_usable(const Named& named, const Assumed& assumed) const {
  if (named.rule->type != SenderRuleType::allow) return true;
  if (!named.rule->wants_authentication()) {
    return !named.who.by_header || author_counts(assumed);
  }
  if (named.who.by_header) {
    return question_.from->single() != nullptr &&
           (spf_passes(named.who, assumed) || dkim_passes(named.who, assumed));
  }
  if (assumed.spf_passes) return *assumed.spf_passes;
  // Of the envelope sender's own domain: that of a sister domain is not enough.
  const SpfVerdict* const spf = question_.spf;
  return spf != nullptr && spf->result == SpfResult::pass && !spf->by_helo &&
         spf->domain == named.who.address->domain();
}

bool Judge::is_forged(const Named& named, const Assumed& assumed) const {
  if (named.rule->type != SenderRuleType::protect || is_authorised(named.who)) return false;
  // At RCPT nobody knows yet who vouches.
  const bool is_told = (assumed.spf_passes || question_.spf != nullptr) &&
                       (assumed.dkim_passes || question_.dkim != nullptr);
  if (question_.from == nullptr && !is_told) return false;
  return !spf_passes(named.who, assumed) && !dkim_passes(named.who, assumed);
}

// Of one scope: an address before a domain, and BLOCK before ALLOW.
const Named* Judge::best(bool of_user, const Assumed& assumed) const {
  const auto rank = [](const Named& named) {
    return (named.rule->names_an_address() ? 2 : 0) +
           (named.rule->type == SenderRuleType::block ? 1 : 0);
  };
  const Named* best = nullptr;
  for (const Named& named : named_) {
    if (named.of_user != of_user || named.rule->type == SenderRuleType::protect) continue;
    if (!is_usable(named, assumed)) continue;
    if (best == nullptr || rank(named) > rank(*best)) best = &named;
  }
  return best;
}

const Named* Judge::winner(const Assumed& assumed) const {
  const Named* const first = best(user_rules_win(), assumed);
  return first != nullptr ? first : best(!user_rules_win(), assumed);
}

// Looked for once: a long list of wildcards is asked for each address no more than that.
void Judge::collect_entries(const policy::OpensrsDomain& opensrs) {
  const auto note = [this](const std::string* entry, const Identity& who, Verdict verdict) {
    if (entry != nullptr) entries_.push_back({entry, who, verdict});
  };
  for (const Identity& who : identities_) {
    const bool is_known =
        &who != &identities_.front() && *who.address == *identities_.front().address;
    if (is_known) {
      const std::vector<Entry> of_first = entries_;
      for (const Entry& entry : of_first) {
        if (entry.who.address == identities_.front().address) note(entry.entry, who, entry.verdict);
      }
      continue;
    }
    note(opensrs.block.find(*who.address), who, Verdict::always_spam);
    note(opensrs.allow.find(*who.address), who, Verdict::allowed);
  }
}

// An exact address before a wildcard, and block before allow.
Outcome Judge::by_opensrs_lists(const Assumed& assumed) const {
  Outcome outcome;
  int best_rank = 0;
  for (const Entry& entry : entries_) {
    const bool blocks = entry.verdict == Verdict::always_spam;
    if (!blocks && entry.who.by_header && !author_counts(assumed)) continue;
    const int rank = (entry.entry->find('*') == std::string::npos ? 3 : 1) + (blocks ? 1 : 0);
    if (rank <= best_rank) continue;
    best_rank = rank;
    outcome = {entry.verdict, nullptr, *entry.entry, entry.who.to_string()};
  }
  return outcome;
}

Outcome Judge::decide(const Assumed& assumed) const {
  const auto forged = std::find_if(named_.begin(), named_.end(),
                                   [&](const Named& named) { return is_forged(named, assumed); });
  if (forged != named_.end()) return {Verdict::forged, &*forged, "", ""};
  const Named* const rule = winner(assumed);
  if (rule != nullptr && rule->rule->type == SenderRuleType::block) {
    return {Verdict::blocked, rule, "", ""};
  }
  const policy::OpensrsDomain* const opensrs = question_.recipient.opensrs;
  if (opensrs != nullptr && question_.client) {
    const IpNetwork* const network = opensrs->blocking(*question_.client);
    if (network != nullptr) {
      return {Verdict::always_spam, nullptr, network->to_string(),
              "the client " + question_.client->to_string()};
    }
  }
  if (rule != nullptr) return {Verdict::allowed, rule, "", ""};
  return by_opensrs_lists(assumed);
}

// Tried with every result that what is missing could have.
SenderNeeds Judge::needs() const {
  constexpr unsigned kSpf = 1;
  constexpr unsigned kDkim = 2;
  constexpr unsigned kDmarc = 4;
  const auto assumed = [](const void* known, unsigned tried, unsigned bit) {
    return known != nullptr ? std::nullopt : std::make_optional((tried & bit) != 0);
  };
  std::array<Verdict, 8> verdicts{};
  for (unsigned tried = 0; tried < verdicts.size(); ++tried) {
    verdicts.at(tried) =
        decide({assumed(question_.spf, tried, kSpf), assumed(question_.dkim, tried, kDkim),
                assumed(question_.dmarc, tried, kDmarc)})
            .verdict;
  }
  const auto matters = [&verdicts](unsigned bit) {
    for (unsigned tried = 0; tried < verdicts.size(); ++tried) {
      if (verdicts.at(tried) != verdicts.at(tried ^ bit)) return true;
    }
    return false;
  };
  return {matters(kSpf), matters(kDkim), matters(kDmarc)};
}

bool Judge::any_allow(bool of_user, bool of_addresses) const {
  return std::any_of(lists(of_user).begin(), lists(of_user).end(), [&](const SenderRules* list) {
    return of_addresses ? list->has_in_force_of_addresses(SenderRuleType::allow, question_.now)
                        : list->has_in_force(SenderRuleType::allow, question_.now);
  });
}

// By the envelope sender, whoever the author is.
bool Judge::is_blocked_for_good(bool of_user) const {
  return std::any_of(named_.begin(), named_.end(), [&](const Named& named) {
    return named.of_user == of_user && named.rule->type == SenderRuleType::block &&
           (named.rule->names_an_address() || !any_allow(of_user, true));
  });
}

bool Judge::header_may_save() const {
  const bool first = user_rules_win();
  if (is_blocked_for_good(first)) return false;
  return !is_blocked_for_good(!first) || any_allow(first, false);
}

bool Judge::has_any_rule() const {
  const auto has_rules = [](const SenderRules* list) { return !list->rules().empty(); };
  const auto& of_user = lists(true);
  const auto& of_domain = lists(false);
  const policy::OpensrsDomain* const opensrs = question_.recipient.opensrs;
  return std::any_of(of_user.begin(), of_user.end(), has_rules) ||
         std::any_of(of_domain.begin(), of_domain.end(), has_rules) ||
         (opensrs != nullptr && (!opensrs->allow.empty() || !opensrs->block.empty()));
}

// A forgery is only sure when nobody who could have vouched was out of reach.
bool Judge::missed_evidence(const Named& named, std::string& what) const {
  const std::string& domain = named.who.address->domain();
  if (question_.spf == nullptr) {
    what = "SPF is not known";
  } else if (question_.spf->result == SpfResult::temperror) {
    what = "SPF temperror for " + question_.spf->domain;
  } else if (question_.dkim == nullptr) {
    what = "DKIM is not known";
  } else {
    const auto& signatures = question_.dkim->signatures;
    const auto broken =
        std::find_if(signatures.begin(), signatures.end(), [&domain](const DkimSignature& one) {
          if (one.result != DkimResult::temperror) return false;
          DkimVerdict as_if_good{{one}};
          as_if_good.signatures.front().result = DkimResult::pass;
          return dkim_aligned(as_if_good, domain);
        });
    if (broken != signatures.end()) what = "DKIM temperror for " + broken->domain;
  }
  return !what.empty();
}

// What became of a rule that names the sender.
std::string Judge::state_of(const Named& named, const Outcome& outcome, Effect& effect) const {
  std::string names = "names " + named.who.to_string();
  effect = Effect::applied;
  if (&named == outcome.by) return names;
  const Assumed as_known;
  effect = Effect::no_match;
  if (named.rule->type == SenderRuleType::protect && !is_forged(named, as_known)) {
    return names + (is_authorised(named.who)    ? ", and the client may send for it"
                    : question_.from == nullptr ? ", and who vouches for it is not known yet"
                                                : ", with an aligned SPF or DKIM pass");
  }
  if (!is_usable(named, as_known)) {
    if (named.who.by_header && question_.from->single() == nullptr) {
      return names + ", but there is more than one author";
    }
    if (!named.rule->wants_authentication()) return names + ", but DMARC does not bear it out";
    const std::string spf = question_.spf == nullptr
                                ? "is not known"
                                : std::string(decide::to_string(question_.spf->result));
    return names + ", but SPF " + spf +
           (named.who.by_header ? " and DKIM do not vouch for it"
                                : ", and the rule asks for a pass");
  }
  effect = Effect::overruled;
  return names;
}

void Judge::explain(const Outcome& outcome, Explanation& why) const {
  for (const Named& named : named_) {
    Effect effect = Effect::no_match;
    std::string finding = state_of(named, outcome, effect);
    why.add(named.name(), named.list->source(), std::move(finding), effect);
  }
  for (const Named& named : expired_) {
    why.add(named.name(), named.list->source(), "expired " + to_rfc3339(*named.rule->expire_at),
            Effect::no_match);
  }
  if (!outcome.entry.empty()) {
    why.add((outcome.verdict == Verdict::allowed ? "allow " : "block ") + outcome.entry,
            question_.recipient.opensrs->source(), "names " + outcome.named, Effect::applied);
  }
  if (named_.empty() && expired_.empty() && outcome.entry.empty()) {
    why.add("allow and block rules", "",
            has_any_rule() ? "no rule names the sender" : "there are none", Effect::no_match);
  }
}

}  // namespace postern::decide::judging
