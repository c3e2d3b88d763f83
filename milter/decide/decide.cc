#include "decide/decide.h"

#include <algorithm>
#include <cstdio>

#include "decide/class_rules.h"
#include "decide/recipient.h"

namespace postern::decide {
namespace {

struct Match {
  MailClass mail_class;
  std::string reason;
  std::string detail;  // what the sender is told, where the reply has room for it
};

const SpamVerdict* spam_verdict(const Evidence& evidence) {
  return std::get_if<SpamVerdict>(&evidence.spam);
}

std::optional<Match> match_oversize(const policy::Policy& policy, const Evidence& evidence) {
  const auto refusal = refuse_size(policy, evidence.size);
  if (!refusal) return std::nullopt;
  return Match{MailClass::oversize, std::to_string(evidence.size) + " octets exceed mailSizeLimit",
               refusal->text};
}

std::optional<Match> match_virus(const Evidence& evidence) {
  const auto* const verdict = std::get_if<VirusVerdict>(&evidence.virus);
  if (verdict == nullptr || verdict->name.empty()) return std::nullopt;
  return Match{MailClass::virus, verdict->name, verdict->name};
}

std::optional<Match> match_spam(const policy::Policy& policy, const Evidence& evidence) {
  const SpamVerdict* const verdict = spam_verdict(evidence);
  if (verdict == nullptr || verdict->score < policy.spam_score) return std::nullopt;
  std::string reason = "score " + format_score(verdict->score) + " from " + verdict->scanner +
                       " reaches spamScore " + format_score(policy.spam_score);
  const auto limit = policy.effective_spam_limit();
  if (limit && verdict->score >= *limit) reason += " and spamScoreLimit " + format_score(*limit);
  return Match{MailClass::spam, std::move(reason), ""};
}

std::optional<Match> match_advert(const Evidence& evidence, std::size_t marks_needed) {
  const SpamVerdict* const verdict = spam_verdict(evidence);
  if (verdict != nullptr && verdict->advert) {
    return Match{MailClass::advert, verdict->scanner + " calls it advertising", ""};
  }
  if (evidence.bulk_marks.size() < marks_needed || evidence.bulk_marks.empty()) return std::nullopt;
  std::string reason = "bulk mail by";
  for (const std::string& mark : evidence.bulk_marks) reason += " " + mark;
  return Match{MailClass::advert, std::move(reason), ""};
}

// In order of precedence.
std::vector<Match> match_classes(const policy::Policy& policy, const Evidence& evidence,
                                 const DecideOptions& options) {
  std::vector<Match> matches;
  const auto add = [&matches](std::optional<Match> match) {
    if (match) matches.push_back(std::move(*match));
    return match.has_value();
  };
  add(match_oversize(policy, evidence));
  add(match_virus(evidence));
  const bool is_spam = add(match_spam(policy, evidence));
  if (!is_spam) add(match_advert(evidence, options.advert_marks));
  return matches;
}

mail::Reply scanner_unavailable() {
  return {451, "4.7.1", "message could not be scanned, try again later"};
}

void record(Decision& decision, const std::vector<Match>& matches) {
  for (const Match& match : matches) decision.matches.push_back({match.mail_class, match.reason});
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

Decision decide_incoming(const policy::Policy& policy, const Evidence& evidence,
                         const DecideOptions& options) {
  const std::vector<Match> matches = match_classes(policy, evidence, options);
  const SpamVerdict* const spam = spam_verdict(evidence);
  const policy::MilliScore score = spam == nullptr ? 0 : spam->score;
  const auto rule = [&](MailClass mail_class) { return rule_of(policy, mail_class, score); };

  Decision decision;
  record(decision, matches);

  const auto blocker = std::find_if(matches.begin(), matches.end(), [&](const Match& match) {
    return !rule(match.mail_class).relay;
  });
  const bool deliver = blocker == matches.end();
  const Match* const decider = !deliver ? &*blocker : matches.empty() ? nullptr : &matches.front();
  decision.decider = decider == nullptr ? MailClass::clean : decider->mail_class;

  // Without the score that was needed, only what goes before spam may be decided: a virus or an
  // over-large message is refused, everything else waits.
  const auto& unavailable = evidence.scanner_fault;
  const bool stands_without_score = !deliver && decision.decider < MailClass::spam;
  if (!stands_without_score && unavailable && spam_score_matters(policy) &&
      options.spam_on_failure == OnFailure::defer) {
    decision.disposition = Disposition::defer;
    decision.matches.push_back({MailClass::spam, "unavailable: " + unavailable->why});
    decision.reply = scanner_unavailable();
    return decision;
  }

  const ClassRule deciding = rule(decision.decider);
  decision.quarantine_copy = deciding.store;
  decision.archive_copy = deciding.archive;
  decision.retention_copy =
      decision.decider == MailClass::clean && policy.retention_props.store_clean_mail_in;
  if (deliver) {
    for (const Match& match : matches) {
      if (decision.subject_prefix.empty()) decision.subject_prefix = rule(match.mail_class).prefix;
    }
    decision.disposition =
        decision.subject_prefix.empty() ? Disposition::deliver : Disposition::tag;
  } else if (deciding.store) {
    decision.disposition = Disposition::quarantine;
  } else {
    decision.disposition = Disposition::reject;
    decision.reply = rejection_of(decision.decider, decider->detail);
  }
  return decision;
}

Decision decide_outgoing(const policy::Policy& policy, const Evidence& evidence,
                         const DecideOptions& options) {
  Decision decision;
  std::vector<Match> blocking;
  if (auto match = match_oversize(policy, evidence)) blocking.push_back(std::move(*match));
  if (auto match = match_virus(evidence)) blocking.push_back(std::move(*match));
  const SpamVerdict* const spam = spam_verdict(evidence);
  const auto& cap = policy.relay.spam_score_limit;
  if (spam != nullptr && cap && spam->score >= *cap) {
    blocking.push_back({MailClass::spam,
                        "outgoing score " + format_score(spam->score) + " from " + spam->scanner +
                            " reaches spamScoreLimit " + format_score(*cap),
                        ""});
  }
  record(decision, blocking);
  if (!blocking.empty()) {
    decision.decider = blocking.front().mail_class;
    decision.disposition = Disposition::reject;
    decision.reply = rejection_of(decision.decider, blocking.front().detail);
    return decision;
  }
  const auto& unavailable = evidence.scanner_fault;
  if (unavailable && cap && options.spam_on_failure == OnFailure::defer) {
    decision.disposition = Disposition::defer;
    decision.matches.push_back({MailClass::spam, "unavailable: " + unavailable->why});
    decision.reply = scanner_unavailable();
    return decision;
  }
  decision.retention_copy = policy.retention_props.store_mail_out;
  decision.archive_copy = policy.archive_props.store_mail_out;
  return decision;
}

}  // namespace postern::decide
