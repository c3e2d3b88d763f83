#include "decide/decide.h"

#include <algorithm>
#include <cstdio>

#include "decide/class_rules.h"
#include "decide/incoming_case.h"
#include "decide/match.h"

namespace postern::decide {
namespace {

mail::Reply scanner_unavailable() {
  return {451, "4.7.1", "message could not be scanned, try again later"};
}

void record(Decision& decision, const std::vector<Match>& matches) {
  for (const Match& match : matches) decision.matches.push_back({match.mail_class, match.reason});
}

// What was needed, could not be told, and must be waited for. Nothing: the message can be decided.
// `forbids`: the match that forbids delivery by what is known; nullptr: none does.
std::optional<ClassMatch> waits_for(const Evidence& evidence, const DecideOptions& options,
                                    const Match* forbids, bool spam_is_needed) {
  // An over-large message is refused, whatever else it is; a virus that one engine found is one.
  const auto stands_without = [forbids](MailClass unknown) {
    return forbids != nullptr && forbids->mail_class < unknown;
  };
  const bool is_virus = forbids != nullptr && forbids->mail_class == MailClass::virus;
  if (evidence.virus_fault && options.virus_on_failure == OnFailure::defer && !is_virus &&
      !stands_without(MailClass::virus)) {
    return ClassMatch{MailClass::virus, "unavailable: " + evidence.virus_fault->why};
  }
  if (evidence.scanner_fault && options.spam_on_failure == OnFailure::defer && spam_is_needed &&
      !stands_without(MailClass::spam)) {
    return ClassMatch{MailClass::spam, "unavailable: " + evidence.scanner_fault->why};
  }
  return std::nullopt;
}

Decision deferred(Decision decision, ClassMatch waiting) {
  decision.disposition = Disposition::defer;
  decision.matches.push_back(std::move(waiting));
  decision.reply = scanner_unavailable();
  return decision;
}

void note_outcome(const Decision& decision, const ClassRule& deciding, const IncomingCase& incoming,
                  Explanation* why) {
  if (why == nullptr) return;
  std::string finding = deciding.relay ? "may be delivered" : "may not be delivered";
  if (decision.quarantine_copy) finding += ", kept in quarantine";
  if (decision.retention_copy) finding += ", kept in retention";
  if (decision.archive_copy) finding += ", archived";
  why->add("class " + std::string(to_string(decision.decider)), incoming.rules.policy_source,
           std::move(finding), Effect::applied);
}

}  // namespace

std::string format_score(policy::MilliScore score) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(score) / 1000.0);
  std::string shown = text;
  // "7.2", "20.0": as the documents write them.
  while (shown.ends_with('0') && !shown.ends_with(".0")) shown.pop_back();
  return shown;
}

Decision decide_incoming(const IncomingCase& incoming, const Evidence& evidence,
                         const DecideOptions& options, Explanation* why) {
  const policy::Policy& policy = *incoming.rules.policy;
  const Matches found = match_classes(incoming, evidence, options, why);
  const std::vector<Match>& matches = found.classes;
  const auto rule = [&](MailClass mail_class) {
    return rule_of(policy, mail_class, found.score.value_or(0));
  };

  Decision decision;
  record(decision, matches);
  decision.score = found.score;

  const auto blocker = std::find_if(matches.begin(), matches.end(), [&](const Match& match) {
    return !rule(match.mail_class).relay;
  });
  const bool deliver = blocker == matches.end();
  const Match* const decider = !deliver ? &*blocker : matches.empty() ? nullptr : &matches.front();
  decision.decider = decider == nullptr ? MailClass::clean : decider->mail_class;

  const bool spam_is_needed = needs_of(incoming, options.dmarc_is_enforced, nullptr).spam;
  if (auto waiting = waits_for(evidence, options, deliver ? nullptr : decider, spam_is_needed)) {
    return deferred(std::move(decision), std::move(*waiting));
  }

  const ClassRule deciding = rule(decision.decider);
  decision.quarantine_copy = deciding.store;
  decision.archive_copy = deciding.archive;
  decision.retention_copy =
      decision.decider == MailClass::clean && policy.retention_props.store_clean_mail_in;
  if (deliver) {
    for (const Match& match : matches) {
      if (decision.subject_prefix.empty()) decision.subject_prefix = rule(match.mail_class).prefix;
      if (match.mail_class == MailClass::spam) decision.added_header = policy.relay.add_header;
    }
    decision.disposition =
        decision.subject_prefix.empty() ? Disposition::deliver : Disposition::tag;
  } else if (deciding.store) {
    decision.disposition = Disposition::quarantine;
  } else {
    decision.reply =
        decider->reply ? *decider->reply : rejection_of(decision.decider, decider->detail);
    decision.disposition = decision.reply.is_temporary() ? Disposition::defer : Disposition::reject;
  }
  note_outcome(decision, deciding, incoming, why);
  return decision;
}

Decision observed(Decision decision) {
  Decision untouched;
  untouched.would = std::string(to_string(decision.disposition)) + "; " + decision.reason();
  if (!decision.subject_prefix.empty()) untouched.would += "; prefix " + decision.subject_prefix;
  untouched.matches = std::move(decision.matches);
  untouched.decider = decision.decider;
  untouched.score = decision.score;
  return untouched;
}

Decision decide_outgoing(const policy::Policy& policy, const std::string& policy_source,
                         const Evidence& evidence, const DecideOptions& options, Explanation* why) {
  Decision decision;
  std::vector<Match> blocking;
  if (auto match = match_oversize(policy, evidence)) blocking.push_back(std::move(*match));
  if (auto match = match_virus(evidence)) blocking.push_back(std::move(*match));
  const auto* const spam = std::get_if<SpamVerdict>(&evidence.spam);
  if (spam != nullptr) decision.score = spam->score;
  const auto& cap = policy.relay.spam_score_limit;
  if (spam != nullptr && cap && spam->score >= *cap) {
    blocking.push_back({MailClass::spam,
                        "outgoing score " + format_score(spam->score) + " from " + spam->scanner +
                            " reaches spamScoreLimit " + format_score(*cap),
                        ""});
  }
  record(decision, blocking);
  if (why != nullptr) {
    for (const Match& match : blocking) {
      why->add("outgoing " + std::string(to_string(match.mail_class)), policy_source, match.reason,
               Effect::applied);
    }
    if (blocking.empty()) {
      why->add("outgoing", policy_source, "size, virus and score are within the sender's rules",
               Effect::no_match);
    }
  }
  if (auto waiting = waits_for(evidence, options, blocking.empty() ? nullptr : &blocking.front(),
                               cap.has_value())) {
    return deferred(std::move(decision), std::move(*waiting));
  }
  if (!blocking.empty()) {
    decision.decider = blocking.front().mail_class;
    decision.disposition = Disposition::reject;
    decision.reply = rejection_of(decision.decider, blocking.front().detail);
    return decision;
  }
  decision.retention_copy = policy.retention_props.store_mail_out;
  decision.archive_copy = policy.archive_props.store_mail_out;
  return decision;
}

}  // namespace postern::decide
