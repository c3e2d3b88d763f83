// Forwarded mail leaves under an address of ours, and what comes back to that address reaches its sender.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/bounce_address.h"
#include "support/conversation.h"

namespace postern::session {
namespace {

using std::chrono::days;
using test::House;
using test::Mail;

std::string sending_policy() {
  std::string policy = test::kPolicyA;
  const std::string off = R"("outgoing":false)";
  policy.replace(policy.find(off), off.size(), R"("outgoing":true)");
  return policy;
}

// a.net knows a group with a member elsewhere; b.net sends.
policy::SnapshotPtr policies() {
  return test::snapshot_of(
      {{"domain:a.net", test::domain_json("a.net", test::kPolicyA)},
       {"domain:b.net", test::domain_json("b.net", sending_policy(),
                                          R"("domainAliases":[{"name":"old-b.net"}],)"
                                          R"("outgoingSubnets":["198.51.100.0/24"])")},
       {"user:ygritte@b.net", R"({"email":"ygritte@b.net","status":"DISABLED"})"},
       {"groups:b.net", R"([{"id":"g","email":"watch@b.net","recipients":[)"
                        R"({"id":"1","email":"jon@b.net","type":"USER"},)"
                        R"({"id":"2","email":"sam@b.net","type":"USER"}]}])"},
       {"groups:a.net",
        R"([{"id":"h","email":"crew@a.net","recipients":[)"
        R"({"id":"3","email":"plain@a.net","type":"USER"},)"
        R"({"id":"4","email":"varys@spiders.example","type":"EXTERNAL_ADDRESS"}]}])"}});
}

Rules forwarding() {
  Rules rules;
  rules.srs_domain = "srs.example";
  return rules;
}

std::string made(House& house, const std::string& sender, days age = days(0)) {
  const auto address = make_srs_address(sender, "srs.example", house.clock().wall() - age,
                                        house.services().token_keys);
  EXPECT_TRUE(address);
  return "<" + *address + ">";
}

struct Returned {
  std::string rcpt;
  std::string end;
  std::vector<std::string> recipients;  // of the transaction, at its end
};

Returned come_back(House& house, const std::string& recipient, const std::string& sender = "<>",
                   const std::string& client = "203.0.113.9") {
  Mail mail{.sender = sender, .recipients = {recipient}, .client = client};
  const auto outcome = house.send(mail);
  Returned returned{outcome.rcpt.empty() ? "" : outcome.rcpt.front(), outcome.end, {}};
  if (outcome.end == "continue") returned.recipients = house.editor().recipients();
  return returned;
}

TEST(ReturnPath, ABounceReachesTheSenderElsewhere) {
  House house(policies());
  house.set_rules(forwarding());
  const auto back = come_back(house, made(house, "Arya@winter.example"));
  EXPECT_EQ(back.end, "continue");
  EXPECT_EQ(back.recipients, std::vector<std::string>{"Arya@winter.example"});
  EXPECT_TRUE(house.vault().stored().empty());
}

TEST(ReturnPath, ABounceFromACustomersServerNeedsNoOwner) {
  House house(policies());
  house.set_rules(forwarding());
  const auto back = come_back(house, made(house, "Arya@winter.example"), "<>", "198.51.100.7");
  EXPECT_EQ(back.end, "continue");
  EXPECT_EQ(back.recipients, std::vector<std::string>{"Arya@winter.example"});
}

TEST(ReturnPath, ASenderOfOursIsAMailboxLikeAnyOther) {
  House house(policies());
  house.set_rules(forwarding());
  EXPECT_EQ(come_back(house, made(house, "jon@old-b.net")).recipients,
            std::vector<std::string>{"jon@b.net"});
  EXPECT_EQ(come_back(house, made(house, "ygritte@b.net")).rcpt, "550 5.2.1");
  auto group = come_back(house, made(house, "watch@b.net")).recipients;
  std::sort(group.begin(), group.end());
  EXPECT_EQ(group, (std::vector<std::string>{"jon@b.net", "sam@b.net"}));
  // By its own rules: spam is spam in a bounce too.
  house.add_scanner(ports::ScanResult{30000, false, ""});
  EXPECT_NE(come_back(house, made(house, "jon@b.net")).end, "continue");
}

TEST(ReturnPath, OnlyBouncesAndOnlyToOurOwn) {
  House house(policies());
  house.set_rules(forwarding());
  const std::string fresh = made(house, "arya@winter.example");
  EXPECT_EQ(come_back(house, fresh, "<someone@example.org>").rcpt, "550 5.1.1");
  EXPECT_EQ(come_back(house, fresh, "<jon@b.net>", "198.51.100.7").rcpt, "550 5.1.1");
  EXPECT_EQ(come_back(house, made(house, "arya@winter.example", days(31))).rcpt, "550 5.1.1");
  EXPECT_EQ(come_back(house, "<SRS0=aaaaaaaa=aa=winter.example=arya@srs.example>").rcpt,
            "550 5.1.1");
  EXPECT_EQ(come_back(house, "<postmaster@srs.example>").rcpt, "550 5.1.1");
  // The keys are what tells ours from others: a fault of ours refuses nothing for good.
  house.services().token_keys.clear();
  EXPECT_EQ(come_back(house, fresh).rcpt, "451 4.3.0");
}

TEST(ReturnPath, TheMemberElsewhereGetsACopyUnderAnotherSender) {
  House house(policies());
  house.set_rules(forwarding());
  Mail mail{.recipients = {"<crew@a.net>"}};
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_EQ(house.editor().recipients(), std::vector<std::string>{"plain@a.net"});
  ASSERT_EQ(house.vault().stored().size(), 1U);
  const auto& leaving = house.vault().stored().front().message.outbox;
  ASSERT_EQ(leaving.size(), 1U);
  EXPECT_EQ("<" + leaving.front().sender + ">", made(house, "someone@example.org"));
  ASSERT_EQ(leaving.front().recipients.size(), 1U);
  EXPECT_EQ(leaving.front().recipients.front().address, "varys@spiders.example");
}

TEST(ReturnPath, WithoutADomainOrKeysTheSenderStaysAndNobodyLeaves) {
  for (const bool has_domain : {false, true}) {
    House house(policies());
    if (has_domain) house.set_rules(forwarding());
    if (has_domain) house.services().token_keys.clear();
    Mail mail{.recipients = {"<crew@a.net>"}};
    EXPECT_EQ(house.send(mail).end, "continue");
    EXPECT_EQ(house.editor().recipients().size(), 2U);
    EXPECT_TRUE(house.vault().stored().empty());
  }
}

}  // namespace
}  // namespace postern::session
