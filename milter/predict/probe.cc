#include "predict/probe.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include "base/units.h"
#include "decide/incoming_case.h"
#include "predict/treatment.h"

namespace postern::predict {
namespace {

using decide::Evidence;
using decide::MilliScore;

constexpr MilliScore kLowest = -1'000'000'000;  // a million below 0: no policy can ask for less

// A stretch of scores or sizes on which nobody changes his mind, and a point of it.
struct Stretch {
  std::optional<std::int64_t> from;   // inclusive; nothing: from the lowest
  std::optional<std::int64_t> below;  // nothing: to the highest
  std::int64_t point = 0;
};

std::vector<Stretch> stretches_between(const std::set<std::int64_t>& borders, std::int64_t lowest) {
  std::vector<Stretch> stretches;
  std::optional<std::int64_t> from;
  for (const std::int64_t border : borders) {
    stretches.push_back({from, border, from.value_or(lowest)});
    from = border;
  }
  stretches.push_back({from, std::nullopt, from.value_or(lowest)});
  return stretches;
}

// Neighbours that are treated alike are one.
void add_stretches(const std::vector<Stretch>& stretches,
                   const std::function<std::string(bool now, std::int64_t point)>& outcome,
                   const std::function<std::string(const Stretch&)>& name,
                   std::vector<Effect>& effects) {
  std::optional<Stretch> open;
  std::string before;
  std::string now;
  const auto close = [&] {
    if (open && before != now) effects.push_back({name(*open), before, now});
    open.reset();
  };
  for (const Stretch& stretch : stretches) {
    std::string was = outcome(false, stretch.point);
    std::string is = outcome(true, stretch.point);
    if (open && was == before && is == now) {
      open->below = stretch.below;
      continue;
    }
    close();
    open = stretch;
    before = std::move(was);
    now = std::move(is);
  }
  close();
}

std::string scores_in_words(const std::string& mail, const Stretch& stretch) {
  const auto score = [](std::int64_t value) { return decide::format_score(value); };
  if (!stretch.from && !stretch.below) return mail + " of any score";
  if (!stretch.from) return mail + " scored below " + score(*stretch.below);
  if (!stretch.below) return mail + " scored " + score(*stretch.from) + " and more";
  return mail + " scored " + score(*stretch.from) + " to below " + score(*stretch.below);
}

std::string sizes_in_words(const std::string& mail, const Stretch& stretch) {
  // Borders are the first octet too many.
  const auto size = [](std::int64_t value) {
    return format_size(static_cast<std::uint64_t>(value - 1));
  };
  if (!stretch.from && !stretch.below) return mail + " of any size";
  if (!stretch.from) return mail + " up to " + size(*stretch.below);
  if (!stretch.below) return mail + " larger than " + size(*stretch.from);
  return mail + " larger than " + size(*stretch.from) + ", up to " + size(*stretch.below);
}

std::set<std::int64_t> score_borders(const policy::Policy& policy) {
  std::set<std::int64_t> borders = {policy.spam_score};
  if (const auto limit = policy.effective_spam_limit()) borders.insert(*limit);
  return borders;
}

std::set<std::int64_t> size_borders(const policy::Policy& policy) {
  if (!policy.mail_size_limit) return {};
  return {static_cast<std::int64_t>(*policy.mail_size_limit) + 1};
}

template <typename Borders>
std::set<std::int64_t> both(const Borders& borders, const policy::Policy& a,
                            const policy::Policy& b) {
  std::set<std::int64_t> all = borders(a);
  all.merge(borders(b));
  return all;
}

// Clean mail, of which nothing else is known but what a probe adds.
Evidence clean_mail() {
  Evidence evidence;
  evidence.size = 1;
  evidence.spam = decide::SpamVerdict{kLowest, false, "the scanner", {}};
  evidence.virus = decide::VirusVerdict{};
  evidence.attachments = content::Attachments{};
  evidence.uri_hosts = std::vector<std::string>{};
  evidence.header_defects = decide::Defects{};
  evidence.encoding_defects = decide::Defects{};
  return evidence;
}

class Rules {
 public:
  Rules(const policy::RecipientPolicy& rules, const decide::DecideOptions& options)
      : rules_(rules), options_(options) {}

  std::string outcome(const Evidence& evidence, decide::SenderListing::Verdict verdict) const {
    decide::IncomingCase incoming{.rules = rules_, .listing = {}};
    incoming.listing.verdict = verdict;
    incoming.sender_is_verified =
        rules_.domain->sender_verify && (rules_.user == nullptr || rules_.user->sender_verify);
    auto decision = decide::decide_incoming(incoming, evidence, options_, nullptr);
    if (rules_.domain->enforcement == policy::Enforcement::observe) {
      // What would be, in words that do not repeat the probe's evidence.
      decide::Decision untouched = decide::observed(decision);
      untouched.would = treatment(decision, rules_.policy);
      return treatment(untouched, nullptr);
    }
    return treatment(decision, rules_.policy);
  }

 private:
  const policy::RecipientPolicy& rules_;
  const decide::DecideOptions& options_;
};

struct Probe {
  const char* mail;
  decide::SenderListing::Verdict verdict;
  void (*add)(Evidence& evidence);
};

using Verdict = decide::SenderListing::Verdict;

constexpr Probe kProbes[] = {
    {"infected mail", Verdict::none,
     [](Evidence& evidence) { evidence.virus = decide::VirusVerdict{"a virus"}; }},
    {"mail of blocked senders", Verdict::blocked, [](Evidence&) {}},
    {"mail with forged protected senders", Verdict::forged, [](Evidence&) {}},
    {"mail with denied attachments", Verdict::none,
     [](Evidence& evidence) {
       evidence.attachments = content::Attachments{{}, "a probe"};
     }},
    {"mail of senders that do not exist", Verdict::none,
     [](Evidence& evidence) {
       evidence.sender =
           decide::SenderStanding{decide::SenderStanding::Verdict::does_not_exist, "a probe"};
     }},
    {"mail with bad encoding", Verdict::none,
     [](Evidence& evidence) { evidence.encoding_defects = decide::Defects{"a probe"}; }},
    {"mail with bad headers", Verdict::none,
     [](Evidence& evidence) { evidence.header_defects = decide::Defects{"a probe"}; }},
    {"advertising", Verdict::none,
     [](Evidence& evidence) {
       evidence.spam = decide::SpamVerdict{kLowest, true, "the scanner", {}};
     }},
    {"mail of allowed senders", Verdict::allowed, [](Evidence&) {}},
};

}  // namespace

std::vector<Effect> compare_incoming(const policy::RecipientPolicy& before,
                                     const policy::RecipientPolicy& now,
                                     const decide::DecideOptions& options) {
  std::vector<Effect> effects;
  const Rules was(before, options);
  const Rules is(now, options);
  const auto side = [&](bool later) -> const Rules& { return later ? is : was; };
  add_stretches(
      stretches_between(both(score_borders, *before.policy, *now.policy), kLowest),
      [&](bool later, std::int64_t score) {
        Evidence evidence = clean_mail();
        evidence.spam = decide::SpamVerdict{score, false, "the scanner", {}};
        return side(later).outcome(evidence, Verdict::none);
      },
      [](const Stretch& stretch) { return scores_in_words("mail", stretch); }, effects);
  const auto clean_was = was.outcome(clean_mail(), Verdict::none);
  const auto clean_is = is.outcome(clean_mail(), Verdict::none);
  add_stretches(
      stretches_between(both(size_borders, *before.policy, *now.policy), 1),
      [&](bool later, std::int64_t size) {
        Evidence evidence = clean_mail();
        evidence.size = static_cast<std::uint64_t>(size);
        std::string told = side(later).outcome(evidence, Verdict::none);
        // What becomes of clean mail of a lawful size has been said by its score.
        return told == (later ? clean_is : clean_was) ? std::string("taken") : told;
      },
      [](const Stretch& stretch) { return sizes_in_words("mail", stretch); }, effects);
  for (const Probe& probe : kProbes) {
    Evidence evidence = clean_mail();
    probe.add(evidence);
    Effect effect{probe.mail, was.outcome(evidence, probe.verdict),
                  is.outcome(evidence, probe.verdict)};
    if (effect.before != effect.now) effects.push_back(std::move(effect));
  }
  return effects;
}

std::vector<Effect> compare_outgoing(const policy::Policy& before, const policy::Policy& now,
                                     const decide::DecideOptions& options) {
  std::vector<Effect> effects;
  const auto outcome = [&](bool later, const Evidence& evidence) {
    const policy::Policy& policy = later ? now : before;
    return treatment(decide::decide_outgoing(policy, "", evidence, options, nullptr), &policy);
  };
  const auto borders = [](const policy::Policy& policy) {
    const auto& cap = policy.relay.spam_score_limit;
    return cap ? std::set<std::int64_t>{*cap} : std::set<std::int64_t>{};
  };
  add_stretches(
      stretches_between(both(borders, before, now), kLowest),
      [&](bool later, std::int64_t score) {
        Evidence evidence = clean_mail();
        evidence.spam = decide::SpamVerdict{score, false, "the scanner", {}};
        return outcome(later, evidence);
      },
      [](const Stretch& stretch) { return scores_in_words("outgoing mail", stretch); }, effects);
  add_stretches(
      stretches_between(both(size_borders, before, now), 1),
      [&](bool later, std::int64_t size) {
        Evidence evidence = clean_mail();
        evidence.size = static_cast<std::uint64_t>(size);
        std::string told = outcome(later, evidence);
        return told == outcome(later, clean_mail()) ? std::string("taken") : told;
      },
      [](const Stretch& stretch) { return sizes_in_words("outgoing mail", stretch); }, effects);
  return effects;
}

}  // namespace postern::predict
