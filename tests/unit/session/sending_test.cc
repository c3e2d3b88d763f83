// How much may be sent: who is counted, when, and what is given back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/metrics.h"
#include "session/explain_message.h"
#include "support/conversation.h"

namespace postern::session {
namespace {

using decide::SendingCaps;
using decide::SendingLimit;
using test::domain_json;
using test::House;
using test::Mail;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Counts as it is told to, and notes what it was asked.
class NotedLimits final : public ports::SendingLimits {
 public:
  ports::SendingAnswer reserve(const ports::SendingRequest& request) override {
    reserved.push_back(request);
    return {refuses, {}};
  }
  void release(const ports::SendingRequest& request) override { released.push_back(request.id); }
  bool is_full(const std::string& account, const SendingCaps& /*caps*/) const override {
    return account == full;
  }
  decide::SendingUse last_known(const std::string& /*account*/) const override { return {7, 9}; }
  std::optional<std::string> alone() const override { return std::nullopt; }
  ports::SendingReport report() override { return {}; }

  std::vector<ports::SendingRequest> reserved;
  std::vector<std::string> released;
  std::optional<SendingLimit> refuses;
  std::string full;
};

policy::SnapshotPtr policies() {
  const std::string sending =
      R"({"quarantine":false,"outgoing":true,"mailSizeLimit":5,"archive":true,
          "relayProps":{"spamScoreLimit":10},"archiveProps":{"duration":3,"storeMailOut":true}})";
  const std::string network =
      R"("outgoingSubnets":["192.0.2.0/28"],"domainAliases":[{"name":"thrones.com"}])";
  return test::snapshot_of(
      {{"domain:got.com", domain_json("got.com", sending, network)},
       {"domain:free.com", domain_json("free.com", sending)},
       {"domain:stark.net", domain_json("stark.net", test::kStark)},
       {"user:arya@got.com", R"({"email":"arya@got.com","policy":)" + sending + "}"},
       {"opensrs:got.com", R"({"domain":"got.com","attributes":{"smtp_sent_limit":50}})"}});
}

class Sending : public testing::Test {
 protected:
  Sending() {
    house_.services().sending_limits = &limits_;
    Rules rules;
    rules.sending_caps = {std::nullopt, 900};
    house_.set_rules(rules);
  }
  static Mail mail(const std::string& sender, const std::string& sasl_user = "") {
    return {.sender = "<" + sender + ">",
            .recipients = {"<x@elsewhere.org>", "<y@elsewhere.org>"},
            .headers = {{"From", " " + (sender.empty() ? "arya@got.com" : sender)},
                        {"Subject", " Hello"}},
            .sasl_user = sasl_user,
            .client = sasl_user.empty() ? "192.0.2.5" : "203.0.113.9"};
  }
  std::string account_of(const Mail& one) {
    limits_.reserved.clear();
    EXPECT_EQ(house_.send(one).end, "continue") << one.sender;
    return limits_.reserved.empty() ? "nobody" : limits_.reserved.front().account;
  }

  House house_{policies()};
  NotedLimits limits_;
};

TEST_F(Sending, TheAccountIsTheLoginElseTheUserElseTheDomain) {
  const struct {
    Mail mail;
    const char* account;
  } rows[] = {
      {mail("bran@got.com", "arya@got.com"), "arya@got.com"},
      {mail("bran@got.com", "ARYA@Thrones.COM"), "arya@got.com"},
      {mail("arya@got.com", "scanner@got.com"), "scanner@got.com"},
      {mail("arya@got.com", "Scanner@thrones.com"), "scanner@got.com"},
      {mail("", "scanner@got.com"), "scanner@got.com"},
      {mail("arya@got.com"), "arya@got.com"},
      {mail("Arya@thrones.com"), "arya@got.com"},
      // A local part that anybody may make up is no account of its own.
      {mail("bran@got.com"), "got.com"},
      {mail("whoever17@thrones.com"), "got.com"},
      {mail(""), "arya@got.com"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(account_of(row.mail), row.account) << row.mail.sender << " " << row.mail.sasl_user;
  }
}

TEST_F(Sending, CountsTheMessageOnceWithItsRecipientsUnderTheLimitsOfItsDomain) {
  EXPECT_EQ(house_.send(mail("arya@got.com")).end, "continue");
  ASSERT_EQ(limits_.reserved.size(), 1U);
  EXPECT_EQ(limits_.reserved[0].recipients, 2U);
  EXPECT_EQ(limits_.reserved[0].caps, (SendingCaps{50, 900}));
  EXPECT_THAT(limits_.released, IsEmpty());
}

TEST_F(Sending, NobodyIsAskedWhereThereIsNoLimit) {
  house_.set_rules({});
  EXPECT_EQ(house_.send(mail("x@free.com", "x@free.com")).end, "continue");
  EXPECT_THAT(limits_.reserved, IsEmpty());
}

TEST_F(Sending, IncomingMailCountsForNobody) {
  EXPECT_EQ(house_.send({.recipients = {"<ned@stark.net>"}}).end, "continue");
  EXPECT_THAT(limits_.reserved, IsEmpty());
}

TEST_F(Sending, AtTheLimitItIsLater) {
  limits_.refuses = SendingLimit::messages;
  EXPECT_EQ(house_.send(mail("arya@got.com")).end, "450 4.7.28");
  EXPECT_THAT(house_.vault().stored(), IsEmpty()) << "no copy of what was not sent";
  EXPECT_THAT(limits_.released, IsEmpty());
  limits_.refuses = SendingLimit::recipients;
  EXPECT_EQ(house_.send(mail("arya@got.com")).end, "450 4.7.28");
}

TEST_F(Sending, WhatIsKnownIsSaidAtMail) {
  limits_.full = "arya@got.com";
  EXPECT_EQ(house_.send(mail("arya@got.com")).mail, "450 4.7.28");
  EXPECT_EQ(house_.send(mail("bran@got.com")).mail, "continue");
}

TEST_F(Sending, WhatIsRefusedForSomethingElseDoesNotCount) {
  house_.add_scanner(ports::ScanResult{10'000, false, ""});
  EXPECT_EQ(house_.send(mail("arya@got.com")).end, "550 5.7.1");
  EXPECT_THAT(limits_.reserved, IsEmpty());
}

TEST_F(Sending, WhatCannotBeTakenAfterAllIsGivenBack) {
  house_.vault().fail();
  EXPECT_EQ(house_.send(mail("arya@got.com")).end, "451 4.3.0");
  ASSERT_EQ(limits_.reserved.size(), 1U);
  EXPECT_THAT(limits_.released, ElementsAre(limits_.reserved[0].id));
}

TEST_F(Sending, ACustomersOwnSpamIsToldAsAbuse) {
  const auto counted = [] {
    const std::string all = metrics::render();
    const std::string series = "postern_outgoing_abuse_total{class=\"spam\"} ";
    const auto at = all.find(series);
    return at == std::string::npos ? 0 : std::stoi(all.substr(at + series.size()));
  };
  const int before = counted();
  house_.add_scanner(ports::ScanResult{9'999, false, ""});
  EXPECT_EQ(house_.send(mail("arya@got.com")).end, "continue");
  EXPECT_EQ(counted(), before);
  house_.add_scanner(ports::ScanResult{10'000, false, ""}, "another");
  EXPECT_EQ(house_.send(mail("arya@got.com")).end, "550 5.7.1");
  EXPECT_EQ(counted(), before + 1);
}

TEST_F(Sending, ExplainTellsAndCountsNothing) {
  ExplainRequest request;
  request.sender = "arya@got.com";
  request.recipients = {"x@elsewhere.org"};
  request.sasl_user = "arya@got.com";
  const auto told = explain_message(house_.services(), request);
  ASSERT_TRUE(told);
  EXPECT_THAT(*told, HasSubstr("7 of 50 messages and 9 of 900 recipients"));
  EXPECT_THAT(limits_.reserved, IsEmpty());
  Rules rules;
  rules.sending_caps = {std::nullopt, 9};
  house_.set_rules(rules);
  EXPECT_THAT(*explain_message(house_.services(), request), HasSubstr("450 4.7.28"));
}

}  // namespace
}  // namespace postern::session
