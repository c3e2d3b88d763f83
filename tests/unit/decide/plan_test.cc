// From the decisions of all recipients to one reply; each gets his own outcome, once.
#include "decide/plan.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace postern::decide {
namespace {

Decision delivered(std::string prefix = "") {
  Decision decision;
  decision.disposition = prefix.empty() ? Disposition::deliver : Disposition::tag;
  decision.subject_prefix = std::move(prefix);
  return decision;
}
Decision tagged_and_kept() {
  Decision decision = delivered("[SPAM]");
  decision.quarantine_copy = true;
  return decision;
}
Decision rejected(MailClass decider = MailClass::spam, mail::Reply reply = {550, "5.7.1", "spam"}) {
  Decision decision;
  decision.disposition = Disposition::reject;
  decision.decider = decider;
  decision.reply = std::move(reply);
  return decision;
}
Decision quarantined() {
  Decision decision;
  decision.disposition = Disposition::quarantine;
  decision.quarantine_copy = true;
  return decision;
}
Decision deferred() {
  Decision decision;
  decision.disposition = Disposition::defer;
  decision.reply = {451, "4.7.1", "later"};
  return decision;
}
Decision under_observation(std::string would) {
  Decision decision;
  decision.would = std::move(would);
  return decision;
}
Decision scored(policy::MilliScore score) {
  Decision decision;
  decision.score = score;
  return decision;
}

// "deliver 250 | 0:deliver 1:tag+q | stays{0} leaves{1}": the whole plan as one line.
std::string shown(const Plan& plan) {
  std::string text(to_string(plan.fate));
  text += " " + std::to_string(plan.reply.code) + " |";
  for (std::size_t i = 0; i < plan.outcomes.size(); ++i) {
    text += " " + std::string(to_string(plan.outcomes[i]));
    for (const PlannedCopy& copy : plan.copies) {
      if (copy.recipient == i) text += "+" + std::string(to_string(copy.purpose)).substr(0, 1);
    }
  }
  text += " |";
  for (std::size_t i = 0; i < plan.deliveries.size(); ++i) {
    text += plan.stays == i ? " stays{" : " leaves{";
    for (const std::size_t recipient : plan.deliveries[i].recipients) {
      text += (text.back() == '{' ? "" : ",") + std::to_string(recipient);
    }
    text += "}";
  }
  return text;
}

struct Row {
  const char* name;
  std::vector<Decision> decisions;
  const char* plan;
  PlanOptions options = {};
};

class TruthTable : public testing::TestWithParam<Row> {};

TEST_P(TruthTable, Holds) {
  EXPECT_EQ(shown(make_plan(GetParam().decisions, GetParam().options)), GetParam().plan);
}

const Row kRows[] = {
    {"AllClean", {delivered(), delivered()}, "deliver 250 | deliver deliver | stays{0,1}"},
    {"AllTagged", {delivered("[SPAM]"), delivered("[SPAM]")}, "deliver 250 | tag tag | stays{0,1}"},
    {"TagBesideClean",
     {tagged_and_kept(), delivered()},
     "deliver 250 | tag+q deliver | stays{0} leaves{1}"},
    {"TheLargestGroupStays",
     {delivered("[PUB]"), delivered(), delivered(), delivered("[SPAM]")},
     "deliver 250 | tag deliver deliver tag | stays{1,2} leaves{0} leaves{3}"},
    {"QuarantineBesideClean",
     {quarantined(), delivered()},
     "deliver 250 | quarantine+q deliver | stays{1}"},
    {"AllQuarantined", {quarantined(), quarantined()}, "discard 250 | quarantine+q quarantine+q |"},
    {"AllReject", {rejected(), rejected()}, "reject 550 | reject reject |"},
    {"RejectBesideClean", {rejected(), delivered()}, "deliver 250 | kept+q deliver | stays{1}"},
    {"RejectBesideQuarantine", {quarantined(), rejected()}, "discard 250 | quarantine+q kept+q |"},
    {"RejectBesideCleanIsDroppedWhereAskedFor",
     {rejected(), delivered()},
     "deliver 250 | dropped deliver | stays{1}",
     {OnMixture::discard}},
    {"AVirusIsNeverKeptInstead",
     {rejected(MailClass::virus, {554, "5.7.1", "virus"}), delivered()},
     "deliver 250 | dropped deliver | stays{1}"},
    {"AnybodysMissingEvidenceDefersAll",
     {tagged_and_kept(), deferred(), rejected()},
     "defer 451 | defer defer defer |"},
    {"Nobody", {}, "defer 451 | |"},
    {"ObservedBesideEnforced",
     {under_observation("reject; spam"), delivered(), under_observation("tag; spam")},
     "deliver 250 | observe deliver observe | stays{0,2} leaves{1}"},
    {"OtherScoresAreOtherMessages",
     {scored(1000), scored(2000), scored(1000)},
     "deliver 250 | deliver deliver deliver | stays{0,2} leaves{1}"},
    {"ScoresThatNobodyReadsAreNot",
     {scored(1000), scored(2000)},
     "deliver 250 | deliver deliver | stays{0,1}",
     {OnMixture::store, false}},
    {"AForwardedMessageLeaves",
     {delivered(), delivered(), delivered()},
     "deliver 250 | deliver deliver deliver | leaves{1,2} stays{0}",
     {OnMixture::store, true, {false, true, true}}},
    {"ForwardedAlone",
     {delivered()},
     "discard 250 | deliver | leaves{0}",
     {OnMixture::store, true, {true}}},
};

INSTANTIATE_TEST_SUITE_P(Plan, TruthTable, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST(Plan, RejectsWithTheGravestClass) {
  const Plan plan =
      make_plan({rejected(), rejected(MailClass::virus, {554, "5.7.1", "virus"})}, {});
  EXPECT_EQ(plan.reply.to_string(), "554 5.7.1 virus");
}

TEST(Plan, KeepsTheArchiveCopyOfARejectedMessage) {
  Decision decision = rejected();
  decision.archive_copy = true;
  EXPECT_EQ(shown(make_plan({decision}, {})), "reject 550 | reject+a |");
}

TEST(Plan, WhatIsKeptInsteadOfARefusalIsKeptSevenDays) {
  const Plan plan = make_plan({rejected(), delivered()}, {});
  ASSERT_EQ(plan.copies.size(), 1U);
  EXPECT_TRUE(plan.copies[0].instead_of_refusal);
  EXPECT_EQ(kDaysInsteadOfRefusal, 7);
}

TEST(Plan, TellsWhatWouldHaveBeenToAllUnderObservationOnce) {
  const Plan plan = make_plan(
      {under_observation("reject; a"), under_observation("tag; b"), under_observation("reject; a")},
      {});
  ASSERT_EQ(plan.deliveries.size(), 1U);
  EXPECT_EQ(plan.deliveries[0].would, "reject; a | tag; b");
}

TEST(Plan, OneWordForAllOrMixed) {
  EXPECT_EQ(outcome_of(make_plan({delivered("[A]"), delivered("[B]")}, {})), "tag");
  EXPECT_EQ(outcome_of(make_plan({delivered("[A]"), delivered()}, {})), "mixed");
  EXPECT_EQ(outcome_of(make_plan({}, {})), "defer");
}

// Any mixture of up to twelve recipients, whose decisions are drawn from everything a decision can be.
class AnyMixture : public testing::TestWithParam<unsigned> {
 protected:
  Decision draw() {
    Decision decision;
    switch (pick(6)) {
      case 0:
        decision = delivered(pick(2) == 0 ? "[SPAM]" : "[PUB]");
        break;
      case 1:
        decision = quarantined();
        break;
      case 2:
        decision = rejected(pick(2) == 0 ? MailClass::virus : MailClass::spam);
        break;
      case 3:
        decision = under_observation(pick(2) == 0 ? "reject; x" : "tag; y");
        break;
      default:
        decision = delivered();
        if (pick(3) == 0) decision.score = static_cast<policy::MilliScore>(1000 * pick(3));
        if (pick(4) == 0) decision.added_header = policy::HeaderField{"XSpam", "yes"};
    }
    if (decision.disposition != Disposition::quarantine && decision.would.empty()) {
      decision.quarantine_copy = decision.disposition != Disposition::reject && pick(3) == 0;
      decision.archive_copy = pick(3) == 0;
    }
    return decision;
  }
  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  std::mt19937 random_{GetParam()};
};

TEST_P(AnyMixture, GivesEachHisOutcomeExactlyOnce) {
  for (int round = 0; round < 500; ++round) {
    std::vector<Decision> decisions;
    PlanOptions options;
    options.on_mixture = pick(2) == 0 ? OnMixture::store : OnMixture::discard;
    options.shows_findings = pick(2) == 0;
    for (unsigned left = 1 + pick(12); left > 0; --left) {
      decisions.push_back(draw());
      options.forwarded.push_back(pick(5) == 0);
    }
    const Plan plan = make_plan(decisions, options);
    SCOPED_TRACE(shown(plan));
    ASSERT_EQ(plan.outcomes.size(), decisions.size());

    std::map<std::size_t, int> received;
    for (const Delivery& delivery : plan.deliveries) {
      ASSERT_FALSE(delivery.recipients.empty());
      for (const std::size_t i : delivery.recipients) {
        ++received[i];
        EXPECT_EQ(delivery.subject_prefix, decisions[i].subject_prefix);
        EXPECT_EQ(delivery.added_header, decisions[i].added_header);
        EXPECT_EQ(delivery.would.empty(), decisions[i].would.empty());
        EXPECT_EQ(delivery.is_forwarded, options.forwarded[i]);
        if (options.shows_findings && decisions[i].would.empty()) {
          EXPECT_EQ(decisions[delivery.recipients.front()].score, decisions[i].score);
        }
      }
    }
    std::map<std::pair<std::size_t, Purpose>, int> copies;
    for (const PlannedCopy& copy : plan.copies) ++copies[{copy.recipient, copy.purpose}];
    const bool all_reject = plan.fate == Fate::reject;
    for (std::size_t i = 0; i < decisions.size(); ++i) {
      const Decision& decision = decisions[i];
      const bool goes_on =
          decision.disposition == Disposition::deliver || decision.disposition == Disposition::tag;
      EXPECT_EQ(received[i], goes_on ? 1 : 0);
      const bool was_rejected = decision.disposition == Disposition::reject;
      EXPECT_EQ(plan.outcomes[i] == RecipientOutcome::reject, was_rejected && all_reject);
      const bool is_kept_instead = was_rejected && !all_reject &&
                                   options.on_mixture == OnMixture::store &&
                                   decision.decider != MailClass::virus;
      EXPECT_EQ((copies[{i, Purpose::quarantine}]),
                decision.quarantine_copy || is_kept_instead ? 1 : 0);
      EXPECT_EQ((copies[{i, Purpose::archive}]), decision.archive_copy ? 1 : 0);
    }
    if (plan.stays) {
      EXPECT_EQ(plan.fate, Fate::deliver);
      EXPECT_FALSE(plan.deliveries[*plan.stays].is_forwarded);
      for (const Delivery& delivery : plan.deliveries) {
        if (delivery.is_forwarded) continue;
        EXPECT_LE(delivery.recipients.size(), plan.deliveries[*plan.stays].recipients.size());
      }
    }
    EXPECT_EQ(plan.reply.code, all_reject ? 550 : 250);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyMixture, testing::Range(1U, 9U));

}  // namespace
}  // namespace postern::decide
