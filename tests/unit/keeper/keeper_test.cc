// What the daemon can rely on about the policies in force while documents come and go.
#include <gmock/gmock.h>

#include <thread>

#include "base/metrics.h"
#include "fixture.h"
#include "support/eventually.h"

namespace postern::keeper {
namespace {

using test::domain_json;
using test::user_json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST_F(KeeperTest, NothingIsInForceAtFirst) {
  start();
  EXPECT_EQ(snapshot(), nullptr);
  EXPECT_EQ(keeper_->status().generation, 0U);
  EXPECT_EQ(keeper_->status().source, "script");
}

TEST_F(KeeperTest, PutsAFullSetInForce) {
  start();
  full_set({{"domain:got.com", domain_json("got.com")},
            {"user:joffrey@got.com", user_json("joffrey@got.com")}});
  ASSERT_NE(snapshot(), nullptr);
  EXPECT_TRUE(snapshot()->usable());
  EXPECT_NE(domain("got.com"), nullptr);
  EXPECT_NE(snapshot()->user("joffrey@got.com"), nullptr);
  const auto status = keeper_->status();
  EXPECT_EQ(status.generation, 1U);
  EXPECT_EQ(status.generation, snapshot()->generation());
  EXPECT_EQ(status.position, "1-0");
  EXPECT_EQ(status.in_force_since, clock_.wall());
  EXPECT_EQ(status.last_contact, clock_.wall());
  EXPECT_FALSE(status.from_cache);
  EXPECT_THAT(status.refused, IsEmpty());
  EXPECT_THAT(status.counts, testing::Contains(std::pair<std::string, std::size_t>("domain", 1)));
}

TEST_F(KeeperTest, AFullSetDeletesWhatItDoesNotHold) {
  start();
  full_set(domains(10));
  Documents fewer = domains(9);
  full_set(fewer);
  EXPECT_EQ(domain_count(), 9U);
  EXPECT_EQ(domain("d9.example"), nullptr);
}

TEST_F(KeeperTest, OneSnapshotPerBatchAndNoneForNothing) {
  start();
  full_set(domains(10));
  EXPECT_EQ(snapshot()->generation(), 1U);
  changes({{"domain:x.example", domain_json("x.example")}, {"domain:d3.example", kDeleted}});
  EXPECT_EQ(snapshot()->generation(), 2U);
  const auto before = snapshot();
  Documents same = domains(10);
  same.erase("domain:d3.example");
  same["domain:x.example"] = domain_json("x.example");
  full_set(same);
  changes({{"domain:x.example", domain_json("x.example")}});
  EXPECT_EQ(snapshot(), before);  // nothing has changed: the same one stays
}

TEST_F(KeeperTest, ATransactionKeepsTheSnapshotItBeganWith) {
  start();
  full_set(domains(10));
  const auto pinned = snapshot();
  change("domain:d3.example", kDeleted);
  EXPECT_NE(pinned->domain("d3.example"), nullptr);
  EXPECT_EQ(snapshot()->domain("d3.example"), nullptr);
}

TEST_F(KeeperTest, TheLastWordAboutADocumentCounts) {
  start();
  full_set(domains(4));
  changes({{"domain:x.example", domain_json("x.example")},
           {"domain:x.example", kDeleted},
           {"domain:y.example", kDeleted},
           {"domain:y.example", domain_json("y.example")}});
  EXPECT_EQ(domain("x.example"), nullptr);
  EXPECT_NE(domain("y.example"), nullptr);
}

// ---- refused documents ---------------------------------------------------------------------------

TEST_F(KeeperTest, ABadDocumentIsRefusedAlone) {
  start();
  full_set({{"domain:a.example", domain_json("a.example")},
            {"domain:b.example", "{not json"},
            {"nonsense", "{}"},
            {"unknown:x", "{}"}});
  EXPECT_NE(domain("a.example"), nullptr);
  EXPECT_THAT(refused(), ElementsAre(StartsWith("domain:b.example: "), StartsWith("nonsense: "),
                                     StartsWith("unknown:x: ")));
  const auto status = keeper_->status();
  EXPECT_EQ(status.refused[0].origin, "redis key postern:domain:b.example");
  EXPECT_EQ(status.refused[0].since, clock_.wall());
}

TEST_F(KeeperTest, TheLastGoodVersionStaysInForce) {
  start();
  full_set({{"domain:a.example", domain_json("a.example", {"alias.example"})}});
  change("domain:a.example", "{bad");
  EXPECT_NE(domain("alias.example"), nullptr);
  EXPECT_EQ(snapshot()->generation(), 1U);
  EXPECT_EQ(refused().size(), 1U);
  // Also through a full set with the bad version in it.
  full_set({{"domain:a.example", "{bad"}});
  EXPECT_NE(domain("alias.example"), nullptr);
  EXPECT_EQ(refused().size(), 1U);
  // And across a restart: the cache has the last good one.
  start();
  EXPECT_NE(domain("alias.example"), nullptr);
}

TEST_F(KeeperTest, AGoodVersionTakesADocumentOffTheList) {
  start();
  full_set({{"domain:a.example", domain_json("a.example")}, {"domain:b.example", "{bad"}});
  ASSERT_EQ(refused().size(), 1U);
  change("domain:b.example", domain_json("b.example"));
  EXPECT_THAT(refused(), IsEmpty());
  EXPECT_NE(domain("b.example"), nullptr);
}

TEST_F(KeeperTest, ADeletionTakesADocumentOffTheList) {
  start();
  full_set({{"domain:a.example", domain_json("a.example")},
            {"domain:b.example", "{bad"},
            {"domain:c.example", "{bad"},
            {"nonsense", "x"}});
  ASSERT_EQ(refused().size(), 3U);
  change("domain:b.example", kDeleted);
  change("nonsense", kDeleted);
  EXPECT_THAT(refused(), ElementsAre(StartsWith("domain:c.example")));
  full_set({{"domain:a.example", domain_json("a.example")}});
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(KeeperTest, GoingBackToTheTextInForceEndsARefusal) {
  start();
  full_set({{"domain:a.example", domain_json("a.example")}});
  change("domain:a.example", "{bad");
  ASSERT_EQ(refused().size(), 1U);
  change("domain:a.example", domain_json("a.example"));
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(KeeperTest, ARefusalKeepsItsAgeUntilItsReasonChanges) {
  start();
  full_set({{"domain:a.example", domain_json("a.example")}, {"domain:b.example", "{bad"}});
  const WallTime first = clock_.wall();
  clock_.advance(std::chrono::seconds(60));
  full_set({{"domain:a.example", domain_json("a.example")}, {"domain:b.example", "{bad"}});
  EXPECT_EQ(keeper_->status().refused.at(0).since, first);
  change("domain:b.example", "[]");
  EXPECT_EQ(keeper_->status().refused.at(0).since, clock_.wall());
}

TEST_F(KeeperTest, WhatCannotBeReadIsNoDeletion) {
  start();
  full_set(domains(4));
  unreadable("domain:d1.example", "bad YAML");
  Documents without = domains(4);
  without.erase("domain:d1.example");
  full_set(without);
  EXPECT_NE(domain("d1.example"), nullptr);
  EXPECT_THAT(refused(), ElementsAre("domain:d1.example: bad YAML"));
  // No longer told unreadable and not there: that is a deletion.
  source_->say([](ports::PolicySink& sink) { sink.availability(std::nullopt); });
  full_set(without);
  EXPECT_EQ(domain("d1.example"), nullptr);
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(KeeperTest, AnUnreadableRivalDoesNotHideTheDocument) {
  start();
  source_->say([](ports::PolicySink& sink) {
    sink.unreadable("domain:a.example", "domain/a.example.yml",
                    "the same document as a.example.json");
    sink.full_set({{"domain:a.example", domain_json("a.example"), "domain/a.example.json"}}, "1");
  });
  EXPECT_NE(domain("a.example"), nullptr);
  EXPECT_THAT(refused(), ElementsAre(HasSubstr("the same document as")));
}

// ---- two spellings of one key --------------------------------------------------------------------

TEST_F(KeeperTest, KeysAreMadeCanonical) {
  start();
  full_set({{"domain:GoT.com.", domain_json("got.com")}});
  EXPECT_NE(domain("got.com"), nullptr);
  changes({{"domain:GoT.com.", kDeleted}, {"domain:other.example", domain_json("other.example")}});
  EXPECT_EQ(domain("got.com"), nullptr);
}

TEST_F(KeeperTest, OfTwoSpellingsTheCanonicalOneCounts) {
  start();
  full_set({{"domain:GOT.com", domain_json("got.com", {}, "upper")},
            {"domain:got.com", domain_json("got.com", {}, "lower")}});
  ASSERT_NE(domain("got.com"), nullptr);
  EXPECT_EQ(domain("got.com")->id, "lower");
  EXPECT_THAT(refused(), ElementsAre(HasSubstr("the same document as domain:got.com")));
  // Deleting the one that does not count deletes nothing.
  change("domain:GOT.com", kDeleted);
  EXPECT_NE(domain("got.com"), nullptr);
  EXPECT_THAT(refused(), IsEmpty());
  // A second spelling that arrives later is refused as well.
  change("domain:gOt.com", domain_json("got.com", {}, "late"));
  EXPECT_EQ(domain("got.com")->id, "lower");
  EXPECT_EQ(refused().size(), 1U);
  // When the one that counts goes, the set is read again, for the other.
  const auto asked = source_->requests();
  changes({{"domain:got.com", kDeleted}, {"domain:x.example", domain_json("x.example")}});
  EXPECT_EQ(source_->requests(), asked + 1);
}

// ---- aliases -------------------------------------------------------------------------------------

TEST_F(KeeperTest, AnAliasBelongsToOneDomainWhateverTheOrder) {
  for (const bool reversed : {false, true}) {
    start(reversed ? "reversed" : "straight");
    std::vector<std::pair<std::string, std::string>> both = {
        {"domain:a.example", domain_json("a.example", {"alias.example"})},
        {"domain:b.example", domain_json("b.example", {"alias.example"})}};
    if (reversed) std::swap(both[0], both[1]);
    changes(both);
    ASSERT_NE(domain("alias.example"), nullptr);
    EXPECT_EQ(domain("alias.example")->name, "a.example");
    EXPECT_THAT(refused(), ElementsAre(StartsWith("domain:b.example: ")));
  }
}

TEST_F(KeeperTest, AnAliasMovesWithinOneBatch) {
  start();
  full_set({{"domain:a.example", domain_json("a.example")},
            {"domain:b.example", domain_json("b.example", {"alias.example"})}});
  // a sorts first, and yet gets what b gives up in the same batch.
  changes({{"domain:a.example", domain_json("a.example", {"alias.example"})},
           {"domain:b.example", domain_json("b.example")}});
  EXPECT_EQ(domain("alias.example")->name, "a.example");
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(KeeperTest, TwoDomainsSwapTheirAliases) {
  start();
  full_set({{"domain:a.example", domain_json("a.example", {"x.example"})},
            {"domain:b.example", domain_json("b.example", {"y.example"})}});
  changes({{"domain:a.example", domain_json("a.example", {"y.example"})},
           {"domain:b.example", domain_json("b.example", {"x.example"})}});
  EXPECT_EQ(domain("y.example")->name, "a.example");
  EXPECT_EQ(domain("x.example")->name, "b.example");
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(KeeperTest, ALongChainOfAliasesMovesOn) {
  start();
  Documents before;
  Documents after;
  constexpr int kDomains = 30;
  const auto name = [](int at) { return "d" + std::to_string(100 + at) + ".example"; };
  const auto alias = [](int at) { return "alias" + std::to_string(at) + ".example"; };
  for (int at = 0; at < kDomains; ++at) {
    before["domain:" + name(at)] = domain_json(name(at), {alias(at)});
    after["domain:" + name(at)] = domain_json(name(at), {alias(at + 1)});
  }
  full_set(before);
  full_set(after);
  EXPECT_THAT(refused(), IsEmpty());
  for (int at = 0; at < kDomains; ++at) EXPECT_EQ(domain(alias(at + 1))->name, name(at));
}

TEST_F(KeeperTest, ADomainThatWaitsForAnAliasGetsItWhenItIsFree) {
  start();
  full_set({{"domain:a.example", domain_json("a.example", {"alias.example"})},
            {"domain:b.example", domain_json("b.example")},
            {"domain:c.example", domain_json("c.example")}});
  change("domain:b.example", domain_json("b.example", {"alias.example"}));
  ASSERT_EQ(refused().size(), 1U);
  change("domain:a.example", kDeleted);
  ASSERT_NE(domain("alias.example"), nullptr);
  EXPECT_EQ(domain("alias.example")->name, "b.example");
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(KeeperTest, ADeletedDomainDoesNotWaitAnyMore) {
  start();
  full_set({{"domain:a.example", domain_json("a.example", {"alias.example"})},
            {"domain:c.example", domain_json("c.example")},
            {"domain:d.example", domain_json("d.example")}});
  change("domain:b.example", domain_json("b.example", {"alias.example"}));
  change("domain:b.example", kDeleted);
  change("domain:a.example", domain_json("a.example"));
  EXPECT_EQ(domain("b.example"), nullptr);
  EXPECT_EQ(domain("alias.example"), nullptr);
}

// ---- the source away -----------------------------------------------------------------------------

TEST_F(KeeperTest, ASourceThatIsAwayChangesNothing) {
  start();
  full_set(domains(3));
  source_->say([](ports::PolicySink& sink) { sink.availability("no route"); });
  const WallTime since = clock_.wall();
  clock_.advance(std::chrono::seconds(30));
  source_->say([](ports::PolicySink& sink) { sink.availability("still no route"); });
  auto status = keeper_->status();
  EXPECT_EQ(status.source_away, "still no route");
  EXPECT_EQ(status.source_away_since, since);
  EXPECT_EQ(status.last_contact, since);
  EXPECT_EQ(domain_count(), 3U);
  source_->say([](ports::PolicySink& sink) { sink.availability(std::nullopt); });
  status = keeper_->status();
  EXPECT_FALSE(status.source_away.has_value());
  EXPECT_FALSE(status.source_away_since.has_value());
  EXPECT_EQ(status.last_contact, clock_.wall());
}

TEST_F(KeeperTest, MetricsSayHowFreshThePolicyIs) {
  start();
  full_set({{"domain:a.example", domain_json("a.example")}, {"domain:b.example", "{bad"}});
  EXPECT_THAT(metrics::render(), HasSubstr("\npostern_policy_generation 1\n"));
  EXPECT_THAT(metrics::render(), HasSubstr("\npostern_policy_refused_documents 1\n"));
  // It grows although the source says nothing at all.
  clock_.advance(std::chrono::seconds(77));
  EXPECT_TRUE(test::eventually([] {
    return metrics::render().find("\npostern_policy_age_seconds 77\n") != std::string::npos;
  }));
}

TEST_F(KeeperTest, StatusCanBeAskedAtAnyTime) {
  start();
  full_set(domains(5));
  std::jthread asking([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto status = keeper_->status();
      EXPECT_GE(status.generation, 1U);
      EXPECT_GE(snapshot()->generation(), status.generation);
    }
  });
  for (int at = 0; at < 200; ++at) {
    change("domain:x.example", domain_json("x.example", {}, std::to_string(at)));
    change("domain:bad.example", "{" + std::to_string(at));
  }
}

TEST_F(KeeperTest, ReloadAsksTheSourceForEverything) {
  start();
  full_set(domains(3));
  keeper_->reload();
  EXPECT_EQ(source_->requests(), 1U);
}

}  // namespace
}  // namespace postern::keeper
