// A mailbox is asked for once, only where its platform knows it, and never faster than agreed.
#include "provision/provisioner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <thread>

#include "adapters/events/event_json.h"
#include "base/metrics.h"
#include "support/eventually.h"
#include "support/manual_clock.h"

namespace postern::provision {
namespace {

using ports::RecipientStanding;
using testing::ElementsAre;
using testing::IsEmpty;
using Verdict = RecipientStanding::Verdict;

class FakeProbe final : public ports::RecipientProbe {
 public:
  RecipientStanding probe(const mail::Address& recipient, const policy::Platform& platform,
                          Deadline deadline) override {
    asked_.with([&](auto& asked) { asked.push_back(recipient.key() + " of " + platform.id); });
    if (hanging_) stopping_.wait(deadline);
    return {verdict_.with([](const Verdict& verdict) { return verdict; }), ""};
  }
  void stop() override { stopping_.signal(); }
  void answer(Verdict verdict) {
    verdict_.with([&](Verdict& held) { held = verdict; });
  }
  void hang() { hanging_ = true; }
  std::vector<std::string> asked() const {
    return asked_.with([](const auto& asked) { return asked; });
  }

 private:
  Guarded<std::vector<std::string>> asked_;
  Guarded<Verdict> verdict_{Verdict::exists};
  Wakeup stopping_;
  bool hanging_ = false;
};

class FakeSink final : public ports::EventSink {
 public:
  void publish(ports::Event event) override {
    published_.with([&](auto& all) { all.push_back(event.type + " " + events::data_json(event)); });
  }
  std::vector<std::string> published() const {
    return published_.with([](const auto& all) { return all; });
  }

 private:
  Guarded<std::vector<std::string>> published_;
};

class Provisioning : public testing::Test {
 protected:
  Provisioning() {
    domain_.id = "Eygdk";
    domain_.name = "got.com";
    domain_.default_language = "FR";
    domain_.auto_provisioning = true;
    platform_.id = "By46n";
  }
  void start(ProvisionerOptions options = {}) {
    provisioner_ = std::make_unique<Provisioner>(probe_, sink_, clock_, options);
    provisioner_->start();
  }
  void consider(const std::string& address) {
    provisioner_->consider(*mail::Address::parse(address), domain_, platform_);
  }
  bool asked_becomes(std::size_t count) {
    return test::eventually([&] { return probe_.asked().size() == count; });
  }
  // Everything considered before this has been answered.
  void settle() {
    domain_.name = "settled.example";
    const std::size_t before = probe_.asked().size();
    consider("settle" + std::to_string(settled_++) + "@settled.example");
    ASSERT_TRUE(test::eventually([&] { return probe_.asked().size() > before; }));
    domain_.name = "got.com";
  }

  FakeProbe probe_;
  FakeSink sink_;
  test::ManualClock clock_;
  policy::Domain domain_;
  policy::Platform platform_;
  int settled_ = 0;
  std::unique_ptr<Provisioner> provisioner_;
};

TEST_F(Provisioning, PublishesWhatThePlatformKnows) {
  start();
  consider("Jon.Snow@got.com");
  ASSERT_TRUE(test::eventually([&] { return !sink_.published().empty(); }));
  EXPECT_THAT(sink_.published(),
              ElementsAre("provision {\"email\":\"jon.snow@got.com\",\"domainId\":\"Eygdk\","
                          "\"platformId\":\"By46n\",\"language\":\"FR\"}"));
  EXPECT_THAT(probe_.asked(), ElementsAre("jon.snow@got.com of By46n"));
}

TEST_F(Provisioning, PublishesNothingThatThePlatformDoesNotConfirm) {
  for (const Verdict verdict : {Verdict::does_not_exist, Verdict::unknown}) {
    probe_.answer(verdict);
    start();
    consider("jon@got.com");
    settle();
    settle();
    EXPECT_THAT(sink_.published(), IsEmpty());
  }
}

TEST_F(Provisioning, LeavesDomainsWithoutTheSwitchAlone) {
  start();
  domain_.auto_provisioning = false;
  consider("jon@got.com");
  domain_.auto_provisioning = true;
  settle();
  EXPECT_THAT(probe_.asked(), ElementsAre("settle0@settled.example of By46n"));
}

TEST_F(Provisioning, AsksForAnAddressOnceADay) {
  start();
  consider("jon@got.com");
  consider("JON@got.com");
  ASSERT_TRUE(asked_becomes(1));
  clock_.advance(std::chrono::hours(24) - Milliseconds(1));
  consider("jon@got.com");
  settle();
  EXPECT_EQ(probe_.asked().size(), 2U);
  clock_.advance(Milliseconds(1));
  consider("jon@got.com");
  EXPECT_TRUE(asked_becomes(3));
}

TEST_F(Provisioning, AsksAPlatformThatCouldNotTellAgainSoon) {
  probe_.answer(Verdict::unknown);
  start();
  consider("jon@got.com");
  settle();
  settle();
  const std::size_t before = probe_.asked().size();
  clock_.advance(std::chrono::minutes(15) + Milliseconds(1));
  probe_.answer(Verdict::exists);
  consider("jon@got.com");
  EXPECT_TRUE(asked_becomes(before + 1));
  EXPECT_TRUE(test::eventually([&] { return !sink_.published().empty(); }));
}

TEST_F(Provisioning, AsksADomainSoManyTimesAnHour) {
  ProvisionerOptions options;
  options.per_domain_per_hour = 3;
  start(options);
  for (int one = 0; one < 10; ++one) consider("a" + std::to_string(one) + "@got.com");
  ASSERT_TRUE(asked_becomes(3));
  // Another domain has a ration of its own.
  settle();
  EXPECT_EQ(probe_.asked().size(), 4U);
  // One of those that had to wait.
  clock_.advance(std::chrono::minutes(20));
  consider("a9@got.com");
  consider("a8@got.com");
  EXPECT_TRUE(asked_becomes(5));
  settle();
  EXPECT_EQ(probe_.asked().size(), 6U);
}

TEST_F(Provisioning, RemembersABoundedNumberOfAddresses) {
  ProvisionerOptions options;
  options.most_addresses = 2;
  start(options);
  for (const char* const address : {"a@got.com", "b@got.com", "c@got.com"}) consider(address);
  ASSERT_TRUE(asked_becomes(2));
  // There is room again once a day is over.
  clock_.advance(std::chrono::hours(24));
  consider("c@got.com");
  EXPECT_TRUE(asked_becomes(3));
}

TEST_F(Provisioning, NeitherWaitsNorGrowsWhileAPlatformHangs) {
  probe_.hang();
  ProvisionerOptions options;
  options.queue_limit = 5;
  options.probe_timeout = std::chrono::minutes(10);
  start(options);
  consider("first@got.com");
  ASSERT_TRUE(asked_becomes(1));
  for (int one = 0; one < 20; ++one) consider("a" + std::to_string(one) + "@got.com");
  EXPECT_THAT(metrics::render(),
              testing::HasSubstr("postern_provision_total{outcome=\"queue_full\"} 15"));
  provisioner_->stop();  // or the test's time is up
  EXPECT_LE(probe_.asked().size(), 6U);
}

TEST_F(Provisioning, IsToldByManyThreads) {
  start();
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int one = 0; one < 20; ++one) {
          provisioner_->consider(*mail::Address::parse("a" + std::to_string(one) + "@got.com"),
                                 domain_, platform_);
        }
      });
    }
  }
  EXPECT_TRUE(asked_becomes(20));
}

}  // namespace
}  // namespace postern::provision
