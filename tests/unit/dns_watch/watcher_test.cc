// What the admin API hears of names that DNS has to verify, and how often DNS is asked for that.
#include "dns_watch/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/events/event_json.h"
#include "support/eventually.h"
#include "support/manual_clock.h"
#include "support/policies.h"

namespace postern::dns_watch {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kToken = "kL4yZpZ2gV0w1cGm5Zo3cP9xKf0r0l2s3t4u5v6w7x8=";

class Zone final : public ports::Resolver {
 public:
  void text(const std::string& name, const std::string& value) {
    texts_.with([&](auto& texts) { texts[name] = {value}; });
  }
  void mx(const std::string& name, std::vector<ports::MxHost> hosts) {
    mx_.with([&](auto& all) { all[name] = std::move(hosts); });
  }
  void clear() {
    texts_.with([](auto& texts) { texts.clear(); });
    mx_.with([](auto& all) { all.clear(); });
  }
  void go_away() { is_away_ = true; }
  std::size_t asked() const { return asked_; }

  Result<ports::DnsAnswer> query(const std::string& name, ports::DnsType type,
                                 Deadline /*deadline*/) override {
    ++asked_;
    if (is_away_) return temporary_error("SERVFAIL for " + name);
    ports::DnsAnswer answer;
    if (type == ports::DnsType::txt) {
      answer.texts = texts_.with([&](auto& texts) { return texts[name]; });
    }
    if (type == ports::DnsType::mx) answer.mx = mx_.with([&](auto& all) { return all[name]; });
    answer.status = ports::DnsAnswer::Status::found;
    return answer;
  }

 private:
  Guarded<std::map<std::string, std::vector<std::string>>> texts_;
  Guarded<std::map<std::string, std::vector<ports::MxHost>>> mx_;
  std::atomic<bool> is_away_ = false;
  std::atomic<std::size_t> asked_ = 0;
};

class NoSpf final : public ports::SpfChecker {
 public:
  decide::SpfVerdict check(const ports::SpfInput&, Deadline) override { return {}; }
  decide::SpfVerdict check_domain(const std::string&, const ports::SpfInput&, Deadline) override {
    return {};
  }
};

class Heard final : public ports::EventSink {
 public:
  void publish(ports::Event event) override {
    all_.with([&](auto& all) { all.push_back(event.type + " " + events::data_json(event)); });
  }
  // Since the last time.
  std::vector<std::string> take() {
    return all_.with([](auto& all) { return std::exchange(all, {}); });
  }

 private:
  Guarded<std::vector<std::string>> all_;
};

std::string identity(const std::string& status, const std::string& token = kToken) {
  return R"({"VerificationStatus":")" + status + R"(","VerificationToken":")" + token + R"("})";
}

std::string mail_from(const std::string& status) {
  return R"({"mailFromDomain":"bounce.got.com","mxRecord":"10 mx.feedback.example",)"
         R"("txtRecord":"v=spf1 include:feedback.example ~all","mailFromDomainStatus":")" +
         status + R"("})";
}

class Watching : public testing::Test {
 protected:
  void publish(std::vector<std::pair<std::string, std::string>> documents) {
    published_.set(test::snapshot_of(documents, ++generation_));
  }
  Watcher& watcher(WatcherOptions options = {.questions_per_minute = 100'000}) {
    if (!watcher_) {
      watcher_ = std::make_unique<Watcher>(Watcher::Parts{published_, zone_, spf_, heard_, clock_},
                                           options);
    }
    return *watcher_;
  }
  // What is heard when all that is due by then has been looked at.
  std::vector<std::string> after(Milliseconds passed) {
    clock_.advance(passed);
    while (watcher().look_at_one()) clock_.advance(Milliseconds(2));
    return heard_.take();
  }

  test::ManualClock clock_;
  Published<policy::Snapshot> published_;
  Zone zone_;
  NoSpf spf_;
  Heard heard_;
  std::uint64_t generation_ = 0;
  std::unique_ptr<Watcher> watcher_;
};

TEST_F(Watching, AnIdentityIsFoundWhenItsTokenIsThere) {
  publish({{"identity:got.com", identity("Pending")}});
  EXPECT_THAT(after(seconds(0)), IsEmpty()) << "the document says so already";
  zone_.text("_amazonses.got.com", kToken);
  EXPECT_THAT(after(minutes(59)), IsEmpty());
  const auto told = after(minutes(2));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told.front(), HasSubstr(R"(identity {"name":"got.com","status":"SUCCESS",)"
                                      R"("documentStatus":"PENDING","reason":"")"));
  EXPECT_THAT(told.front(), HasSubstr(R"("checkedAt":177)"));
  EXPECT_THAT(after(hours(2)), IsEmpty()) << "once";
  publish({{"identity:got.com", identity("Success")}});
  EXPECT_THAT(after(hours(2)), IsEmpty()) << "the document has followed";
}

TEST_F(Watching, EitherNameWillDo) {
  publish({{"identity:got.com", identity("Pending")}});
  zone_.text("_niftycloudess.got.com", kToken);
  EXPECT_THAT(after(seconds(0)), ElementsAre(HasSubstr("SUCCESS")));
}

TEST_F(Watching, WhatIsNotFoundInTimeHasFailedAndWhatWasLostMayComeBack) {
  publish({{"identity:got.com", identity("Pending")}, {"identity:b.net", identity("Success")}});
  EXPECT_THAT(after(seconds(0)),
              ElementsAre(HasSubstr(R"("name":"b.net","status":"TEMPORARY_FAILURE")")));
  EXPECT_THAT(after(hours(1)), IsEmpty());
  std::vector<std::string> told;
  for (int hour = 0; hour < 73; ++hour) {
    for (std::string& one : after(hours(1))) told.push_back(std::move(one));
  }
  EXPECT_THAT(told,
              testing::IsSupersetOf(
                  {HasSubstr(R"("name":"got.com","status":"FAILED")"),
                   HasSubstr(R"("name":"b.net","status":"FAILED","documentStatus":"SUCCESS")")}));
  zone_.text("_amazonses.b.net", kToken);
  EXPECT_THAT(after(hours(1)), ElementsAre(HasSubstr(R"("name":"b.net","status":"SUCCESS")")));
}

TEST_F(Watching, WhatStaysDifferentIsToldAgainEachDay) {
  publish({{"identity:got.com", identity("Failed")}});
  zone_.text("_amazonses.got.com", kToken);
  EXPECT_THAT(after(seconds(0)), SizeIs(1));
  std::size_t told = 0;
  for (int hour = 0; hour < 49; ++hour) told += after(hours(1)).size();
  EXPECT_EQ(told, 2U);
}

TEST_F(Watching, AMailFromDomainNeedsOneHostAndNoOther) {
  publish({{"domain:got.com", test::domain_json("got.com", test::kStark)},
           {"mailfrom:got.com", mail_from("PENDING")}});
  zone_.text("bounce.got.com", "v=spf1 include:feedback.example ~all");
  zone_.mx("bounce.got.com", {{10, "mx.feedback.example"}, {20, "mx.other.example"}});
  EXPECT_THAT(after(seconds(0)), IsEmpty());
  zone_.mx("bounce.got.com", {{77, "mx.feedback.example"}});
  EXPECT_THAT(after(hours(1)),
              ElementsAre(HasSubstr(R"(mailfrom {"name":"got.com","status":"SUCCESS")")));
}

TEST_F(Watching, AMailFromDomainsSpfIsAWarningOnly) {
  publish({{"mailfrom:got.com", mail_from("SUCCESS")}});
  zone_.mx("bounce.got.com", {{10, "mx.feedback.example"}});
  EXPECT_THAT(after(seconds(0)),
              ElementsAre(testing::AllOf(HasSubstr(R"("status":"SUCCESS")"),
                                         HasSubstr("Warning: one SPF entry with "
                                                   "include:feedback.example is required"))));
  EXPECT_THAT(after(hours(2)), IsEmpty());
  zone_.text("bounce.got.com", "v=spf1 include:feedback.example -all");
  EXPECT_THAT(after(hours(1)), SizeIs(1)) << "the warning is over";
}

TEST_F(Watching, ADnsThatDoesNotAnswerIsAFailureForTheMoment) {
  publish({{"identity:got.com", identity("Success")}, {"mailfrom:got.com", mail_from("SUCCESS")}});
  zone_.go_away();
  EXPECT_THAT(after(seconds(0)),
              ElementsAre(HasSubstr("SERVFAIL"), HasSubstr("TEMPORARY_FAILURE")));
}

TEST_F(Watching, AnotherTokenBeginsAnewAndWhatIsGoneIsForgotten) {
  publish({{"identity:got.com", identity("Pending")}});
  zone_.text("_amazonses.got.com", "another token");
  EXPECT_THAT(after(hours(70)), IsEmpty());
  publish({{"identity:got.com", identity("Pending", "another token")}});
  EXPECT_THAT(after(seconds(0)), ElementsAre(HasSubstr("SUCCESS")));
  zone_.clear();
  publish({{"domain:got.com", test::domain_json("got.com", test::kStark)}});
  EXPECT_THAT(after(hours(100)), IsEmpty());
}

TEST_F(Watching, AddressesAndNamesWithoutAnythingToFindAreNotAskedFor) {
  publish({{"identity:jon@got.com", identity("Pending")},
           {"identity:b.net", R"({"VerificationStatus":"Pending"})"},
           {"mailfrom:b.net", R"({"mailFromDomain":"x.b.net","mailFromDomainStatus":"PENDING"})"}});
  after(hours(2));
  EXPECT_EQ(zone_.asked(), 0U);
}

// Sixty names and ten questions a minute: nobody starves, and the rate holds whatever the clock does.
TEST_F(Watching, ThereAreNoMoreQuestionsThanTheRateAllows) {
  std::vector<std::pair<std::string, std::string>> documents;
  for (int i = 0; i < 60; ++i) {
    documents.emplace_back("identity:d" + std::to_string(i) + ".net", identity("Success"));
  }
  publish(documents);
  watcher({.questions_per_minute = 10, .look_every = minutes(1)});
  std::size_t told = 0;
  for (int second = 0; second < 60 * 15; ++second) {
    told += after(seconds(1)).size();
    const std::size_t allowed = 2 + static_cast<std::size_t>(second + 1) * 10 / 60 + 1;
    ASSERT_LE(zone_.asked(), allowed) << second;
  }
  EXPECT_EQ(told, 60U) << "each has had its turn";
}

TEST_F(Watching, ARateOfNoneIsNoChecks) {
  publish({{"identity:got.com", identity("Success")}});
  Watcher& idle = watcher({.questions_per_minute = 0});
  idle.start();
  idle.stop();
  EXPECT_EQ(zone_.asked(), 0U);
}

TEST_F(Watching, TheThreadLooksByItselfAndEnds) {
  SystemClock clock;
  Watcher running({published_, zone_, spf_, heard_, clock}, {.questions_per_minute = 100'000});
  running.start();
  publish({{"identity:got.com", identity("Success")}});
  std::vector<std::string> told;
  EXPECT_TRUE(test::eventually([&] {
    told = heard_.take();
    return !told.empty();
  }));
  EXPECT_THAT(told, ElementsAre(HasSubstr("TEMPORARY_FAILURE")));
  running.stop();
}

}  // namespace
}  // namespace postern::dns_watch
