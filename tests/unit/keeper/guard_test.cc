// A writer's accident must not become everybody's outage.
#include <gmock/gmock.h>

#include "fixture.h"

namespace postern::keeper {
namespace {

using test::domain_json;
using test::user_json;
using testing::HasSubstr;

class Guard : public KeeperTest {
 protected:
  std::string held() const { return keeper_->status().shrink_held.value_or(""); }
  void delete_domains(int from, int to) {
    std::vector<std::pair<std::string, std::string>> gone;
    for (int at = from; at < to; ++at) {
      gone.emplace_back("domain:d" + std::to_string(at) + ".example", kDeleted);
    }
    changes(gone);
  }
};

TEST_F(Guard, AFullSetThatLosesTooMuchIsRefusedWhole) {
  start();
  full_set(domains(100));
  Documents fewer = domains(49);
  fewer["domain:new.example"] = domain_json("new.example");
  fewer["user:new@new.example"] = user_json("new@new.example");
  fewer.erase("domain:d0.example");
  full_set(fewer);
  EXPECT_EQ(domain_count(), 100U);
  EXPECT_EQ(domain("new.example"), nullptr);
  EXPECT_EQ(snapshot()->generation(), 1U);
  EXPECT_THAT(held(), HasSubstr("domain: 49 of 100 would remain"));
}

TEST_F(Guard, HalfMayGo) {
  start();
  full_set(domains(100));
  full_set(domains(50));
  EXPECT_EQ(domain_count(), 50U);
  EXPECT_EQ(held(), "");
}

TEST_F(Guard, AcceptLetsTheHeldSetThroughOnce) {
  start();
  full_set(domains(100));
  full_set(domains(10));
  ASSERT_NE(held(), "");
  keeper_->accept();
  EXPECT_EQ(source_->requests(), 1U);
  full_set(domains(10));
  EXPECT_EQ(domain_count(), 10U);
  EXPECT_EQ(held(), "");
  // Once: the next is guarded again.
  full_set(domains(2));
  EXPECT_EQ(domain_count(), 10U);
  EXPECT_NE(held(), "");
}

TEST_F(Guard, AcceptWhereNothingIsHeldLetsNothingThroughLater) {
  start();
  full_set(domains(100));
  keeper_->accept();
  full_set(domains(10));
  EXPECT_EQ(domain_count(), 100U);
}

TEST_F(Guard, AGoodSetEndsTheHold) {
  start();
  full_set(domains(100));
  full_set(domains(10));
  ASSERT_NE(held(), "");
  full_set(domains(99));
  EXPECT_EQ(held(), "");
  EXPECT_EQ(domain_count(), 99U);
}

TEST_F(Guard, ChangesGoOnWhileAFullSetIsHeld) {
  start();
  full_set(domains(100));
  full_set(domains(10));
  change("domain:new.example", domain_json("new.example"));
  EXPECT_EQ(domain_count(), 101U);
  EXPECT_NE(held(), "");
}

TEST_F(Guard, AHeldSetIsAskedForAgainOnceTheSourceHasChanged) {
  const auto looked = [&] {
    source_->say([](ports::PolicySink& sink) { sink.availability(std::nullopt); });
    return source_->requests();
  };
  start();
  full_set(domains(100));
  full_set(domains(10));
  EXPECT_EQ(looked(), 0U);
  change("domain:d50.example", domain_json("d50.example"));
  EXPECT_EQ(looked(), 1U);
  EXPECT_EQ(looked(), 1U);
  // Not after every change: a set is dear to read.
  change("domain:d51.example", domain_json("d51.example"));
  EXPECT_EQ(looked(), 1U);
  clock_.advance(std::chrono::seconds(10));
  EXPECT_EQ(looked(), 2U);
  full_set(domains(100));
  EXPECT_EQ(held(), "");
  change("domain:d52.example", domain_json("d52.example"));
  clock_.advance(std::chrono::seconds(10));
  EXPECT_EQ(looked(), 2U);
}

TEST_F(Guard, EachTypeCountsForItself) {
  start();
  Documents set = domains(100);
  for (int at = 0; at < 4; ++at) {
    const std::string address = "u" + std::to_string(at) + "@d0.example";
    set["user:" + address] = user_json(address);
  }
  full_set(set);
  full_set(domains(100));
  EXPECT_EQ(snapshot()->count(policy::DocumentType::user), 4U);
  EXPECT_THAT(held(), HasSubstr("user: 0 of 4"));
}

TEST_F(Guard, ARefusedDocumentIsNoLoss) {
  start();
  full_set(domains(10));
  Documents bad = domains(10);
  for (auto& [key, json] : bad) json = "{bad";
  full_set(bad);
  EXPECT_EQ(domain_count(), 10U);
  EXPECT_EQ(held(), "");
  EXPECT_EQ(keeper_->status().refused.size(), 10U);
}

TEST_F(Guard, DeletionsOfTheStreamCountTogether) {
  start();
  full_set(domains(100));
  for (int at = 0; at < 100; ++at) delete_domains(at, at + 1);
  EXPECT_EQ(domain_count(), 50U);
  EXPECT_THAT(held(), HasSubstr("50 deletions"));
  EXPECT_THAT(held(), HasSubstr("domain: 0 of 100 would remain"));
}

TEST_F(Guard, ABatchOfDeletionsIsHeldAndTheRestOfItHappens) {
  start();
  Documents set = domains(100);
  for (int at = 0; at < 10; ++at) {
    const std::string address = "u" + std::to_string(at) + "@d0.example";
    set["user:" + address] = user_json(address);
  }
  full_set(set);
  std::vector<std::pair<std::string, std::string>> batch;
  for (int at = 0; at < 60; ++at) {
    batch.emplace_back("domain:d" + std::to_string(at) + ".example", kDeleted);
  }
  batch.emplace_back("user:u1@d0.example", kDeleted);
  batch.emplace_back("domain:new.example", domain_json("new.example"));
  changes(batch);
  EXPECT_EQ(domain_count(), 101U);
  EXPECT_NE(domain("new.example"), nullptr);
  EXPECT_EQ(snapshot()->user("u1@d0.example"), nullptr);
  EXPECT_THAT(held(), HasSubstr("60 deletions"));
  // What waits already counts: a further one does not slip through alone.
  delete_domains(70, 71);
  EXPECT_NE(domain("d70.example"), nullptr);
  EXPECT_THAT(held(), HasSubstr("61 deletions"));
}

TEST_F(Guard, AcceptLetsHeldDeletionsThrough) {
  start();
  full_set(domains(100));
  delete_domains(0, 60);
  ASSERT_EQ(domain_count(), 100U);
  keeper_->accept();
  full_set(domains(40, 60));
  EXPECT_EQ(domain_count(), 40U);
  EXPECT_EQ(held(), "");
}

TEST_F(Guard, ADocumentThatComesBackIsNotHeldAnyMore) {
  start();
  full_set(domains(100));
  delete_domains(0, 60);
  ASSERT_NE(held(), "");
  std::vector<std::pair<std::string, std::string>> back;
  for (const auto& [key, json] : domains(60)) back.emplace_back(key, json);
  changes(back);
  EXPECT_EQ(held(), "");
  EXPECT_EQ(domain_count(), 100U);
}

TEST_F(Guard, TheLastDomainStaysWhateverTheShare) {
  options_.shrink_guard = 1.0;
  start();
  full_set(domains(3));
  full_set({});
  EXPECT_EQ(domain_count(), 3U);
  EXPECT_THAT(held(), HasSubstr("no domain would remain"));
  full_set(domains(3));
  delete_domains(0, 3);
  EXPECT_EQ(domain_count(), 3U);
  EXPECT_THAT(held(), HasSubstr("no domain would remain"));
}

TEST_F(Guard, ASetWithoutDomainsIsNotUsableUntilAccepted) {
  start();
  full_set({{"user:x@a.example", user_json("x@a.example")}});
  ASSERT_NE(snapshot(), nullptr);
  EXPECT_FALSE(snapshot()->usable());
  EXPECT_THAT(held(), HasSubstr("no domain"));
  keeper_->accept();
  full_set({});
  EXPECT_TRUE(snapshot()->usable());
  EXPECT_EQ(held(), "");
  // It is remembered across a restart, and ends with the first domain.
  start();
  ASSERT_NE(snapshot(), nullptr);
  EXPECT_TRUE(snapshot()->usable());
  full_set({});
  EXPECT_TRUE(snapshot()->usable());
  change("domain:a.example", domain_json("a.example"));
  full_set({});
  EXPECT_NE(domain("a.example"), nullptr);
}

TEST_F(Guard, GuardsAgainstAnEmptySourceAfterARestartToo) {
  start();
  full_set(domains(20));
  start();
  full_set({});
  EXPECT_EQ(domain_count(), 20U);
  EXPECT_NE(held(), "");
}

}  // namespace
}  // namespace postern::keeper
