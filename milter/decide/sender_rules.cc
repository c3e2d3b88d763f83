#include "decide/sender_rules.h"

#include "decide/sender_judge.h"

namespace postern::decide {
namespace {

using judging::Judge;
using judging::Outcome;
using judging::Verdict;

std::string reason_of(const Outcome& outcome, const std::string& opensrs_source) {
  if (outcome.by != nullptr) {
    return outcome.by->name() + " of " + outcome.by->list->source() + " names " +
           outcome.by->who.to_string() +
           (outcome.verdict == Verdict::forged ? ", and nobody vouches for it" : "");
  }
  if (outcome.entry.empty()) return "";
  return (outcome.verdict == Verdict::allowed ? "allow " : "block ") + outcome.entry + " of " +
         opensrs_source + " names " + outcome.named;
}

}  // namespace

SenderListing judge_sender_rules(const SenderQuestion& question, Explanation* why) {
  const Judge judge(question);
  const Outcome outcome = judge.decide({});
  const policy::OpensrsDomain* const opensrs = question.recipient.opensrs;
  const std::string opensrs_source = opensrs == nullptr ? "" : opensrs->source();
  SenderListing listing;
  listing.verdict = outcome.verdict;
  listing.reason = reason_of(outcome, opensrs_source);
  if (outcome.by != nullptr) {
    listing.source = outcome.by->list->source();
  } else if (!outcome.entry.empty()) {
    listing.source = opensrs_source;
  }
  if (outcome.verdict == Verdict::forged) {
    judge.missed_evidence(*outcome.by, listing.unavailable);
  }
  if (question.from == nullptr) {
    listing.may_change =
        outcome.verdict == Verdict::blocked ? judge.header_may_save() : judge.has_any_rule();
  } else {
    const SenderNeeds needs = judge.needs();
    listing.may_change = needs.spf || needs.dkim || needs.dmarc;
  }
  if (why != nullptr) judge.explain(outcome, *why);
  return listing;
}

SenderNeeds sender_rules_need(const SenderQuestion& question) { return Judge(question).needs(); }

}  // namespace postern::decide
