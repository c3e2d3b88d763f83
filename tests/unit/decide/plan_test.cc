// From the decisions of all recipients to one reply; nobody ever gets another's outcome.
#include "decide/plan.h"

#include <gtest/gtest.h>

namespace postern::decide {
namespace {

Decision delivered(std::string prefix = "") {
  Decision decision;
  decision.disposition = prefix.empty() ? Disposition::deliver : Disposition::tag;
  decision.subject_prefix = std::move(prefix);
  return decision;
}
Decision rejected(MailClass decider, mail::Reply reply) {
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

TEST(Plan, DeliversWhatAllGetAlike) {
  const Plan plan = make_plan({delivered("[SPAM]"), delivered("[SPAM]")});
  EXPECT_EQ(plan.fate, Fate::deliver);
  EXPECT_EQ(plan.subject_prefix, "[SPAM]");
}

TEST(Plan, RejectsWithTheGravestClass) {
  const Plan plan = make_plan({rejected(MailClass::spam, {550, "5.7.1", "spam"}),
                               rejected(MailClass::virus, {554, "5.7.1", "virus"})});
  EXPECT_EQ(plan.fate, Fate::reject);
  EXPECT_EQ(plan.reply.to_string(), "554 5.7.1 virus");
}

TEST(Plan, KeepsTheArchiveCopyOfARejectedMessage) {
  Decision decision = rejected(MailClass::spam, {550, "5.7.1", "spam"});
  decision.archive_copy = true;
  const Plan plan = make_plan({decision});
  EXPECT_EQ(plan.fate, Fate::reject);
  ASSERT_EQ(plan.copies.size(), 1U);
  EXPECT_EQ(plan.copies[0].purpose, Purpose::archive);
}

TEST(Plan, DiscardsWhatIsKeptForAll) {
  const Plan plan = make_plan({quarantined(), quarantined()});
  EXPECT_EQ(plan.fate, Fate::discard);
  EXPECT_EQ(plan.copies.size(), 2U);
}

TEST(Plan, AnybodysMissingEvidenceDefersAll) {
  const Plan plan = make_plan({delivered(), deferred()});
  EXPECT_EQ(plan.fate, Fate::defer);
  EXPECT_EQ(plan.reply.to_string(), "451 4.7.1 later");
  EXPECT_TRUE(plan.copies.empty());
}

TEST(Plan, ForNobodyIsATemporaryAnswer) { EXPECT_EQ(make_plan({}).reply.code, 451); }

TEST(Plan, NeverGivesOneRecipientAnothersOutcome) {
  const std::vector<std::vector<Decision>> mixtures = {
      {delivered(), delivered("[SPAM]")},
      {delivered("[PUB]"), delivered("[SPAM]")},
      {delivered(), quarantined()},
      {delivered(), rejected(MailClass::spam, {550, "5.7.1", "spam"})},
      {quarantined(), rejected(MailClass::spam, {550, "5.7.1", "spam"})}};
  for (const auto& mixture : mixtures) {
    const Plan plan = make_plan(mixture);
    EXPECT_EQ(plan.fate, Fate::defer);
    EXPECT_EQ(plan.reply.code, 451);
    EXPECT_TRUE(plan.copies.empty());
  }
}

}  // namespace
}  // namespace postern::decide
