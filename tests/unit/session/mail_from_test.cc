// A customer's mail leaves from his custom MAIL FROM domain, where its bounces come back to us.
#include <gtest/gtest.h>

#include "base/bounce_address.h"
#include "support/conversation.h"

namespace postern::session {
namespace {

using test::House;
using test::Mail;

std::string sending_policy() {
  std::string policy = test::kPolicyA;
  const std::string off = R"("outgoing":false)";
  policy.replace(policy.find(off), off.size(), R"("outgoing":true)");
  return policy;
}

policy::SnapshotPtr policies(const std::string& mail_from) {
  return test::snapshot_of(
      {{"domain:a.net", test::domain_json("a.net", sending_policy())},
       {"domain:b.net", test::domain_json("b.net", test::kPolicyA)},
       {"groups:b.net",
        R"([{"id":"h","email":"crew@b.net","recipients":[)"
        R"({"id":"4","email":"varys@spiders.example","type":"EXTERNAL_ADDRESS"}]}])"},
       {"mailfrom:a.net", mail_from}});
}

constexpr const char* kGood =
    R"({"mailFromDomain":"bounce.a.net","mxRecord":"10 mx.postern.test","mailFromDomainStatus":"SUCCESS"})";

Rules rules() {
  Rules rules;
  rules.bounce_hosts = {"mx.postern.test"};
  rules.srs_domain = "srs.example";
  return rules;
}

Mail outgoing(std::vector<std::string> recipients = {"<friend@example.org>"}) {
  Mail mail{.sender = "<jon@a.net>", .recipients = std::move(recipients), .sasl_user = "jon@a.net"};
  mail.headers[0].value = " jon@a.net";
  return mail;
}

std::string made(House& house) {
  return *make_bounce_address("jon@a.net", "bounce.a.net", house.clock().wall(),
                              house.services().token_keys);
}

TEST(MailFrom, TakesTheSendersPlaceInTheTransactionAndInEveryCopy) {
  House house(policies(kGood));
  house.set_rules(rules());
  EXPECT_EQ(house.send(outgoing({"<friend@example.org>", "<crew@b.net>"})).end, "continue");
  EXPECT_EQ(house.editor().sender(), made(house));
  EXPECT_EQ(house.editor().header("From"), "jon@a.net");
  for (const auto& stored : house.vault().stored()) {
    for (const auto& copy : stored.message.outbox) EXPECT_EQ(copy.sender, made(house));
    EXPECT_EQ(stored.message.sender, "jon@a.net") << "who sent it is kept";
  }
}

TEST(MailFrom, TheSenderStaysWhereBouncesWouldNotComeBack) {
  Rules elsewhere = rules();
  elsewhere.bounce_hosts = {"mx.other.test"};
  House house(policies(kGood));
  house.set_rules(elsewhere);
  EXPECT_EQ(house.send(outgoing()).end, "continue");
  EXPECT_EQ(house.editor().sender(), std::nullopt);
  house.set_rules(rules());
  house.services().token_keys.clear();
  EXPECT_EQ(house.send(outgoing()).end, "continue");
  EXPECT_EQ(house.editor().sender(), std::nullopt);
}

// Who carries the mail also takes what comes back.
TEST(MailFrom, AProvidersSmarthostTakesTheBouncesItself) {
  struct Row {
    const char* smarthost;
    bool is_changed;
  };
  const Row rows[] = {{"smtp.eu.mailer.example", true},
                      {"mailer.example", true},
                      {"smtp.mailer.example.org", false},
                      {"192.0.2.9", false}};
  for (const Row& row : rows) {
    std::string document = kGood;
    document.replace(document.find("mx.postern.test"), 15, "feedback.mailer.example");
    House house(test::snapshot_of(
        {{"domain:a.net", test::domain_json("a.net", sending_policy())},
         {"mailfrom:a.net", document},
         {"smarthost:a.net", std::string(R"({"hostname":")") + row.smarthost +
                                 R"(","portNumber":587,"secureConnection":"STARTTLS"})"}}));
    house.set_rules(rules());
    EXPECT_EQ(house.send(outgoing()).end, "continue");
    EXPECT_EQ(house.editor().sender().has_value(), row.is_changed) << row.smarthost;
  }
}

TEST(MailFrom, AStrangerAndTheNullSenderHaveNone) {
  House house(policies(kGood));
  house.set_rules(rules());
  Mail mail = outgoing({"<x@b.net>"});
  mail.sasl_user.clear();
  EXPECT_EQ(house.send(mail).end, "continue");
  EXPECT_EQ(house.editor().sender(), std::nullopt);
}

struct StatusCase {
  const char* status;
  const char* by_default;
  const char* with_reject;
};

TEST(MailFrom, UntilItIsVerified) {
  const StatusCase cases[] = {{"PENDING", "continue", "451 4.7.1"},
                              {"NOT_STARTED", "continue", "451 4.7.1"},
                              {"TEMPORARY_FAILURE", "continue", "451 4.7.1"},
                              {"FAILED", "continue", "550 5.7.1"},
                              {"SUCCESS", "continue", "continue"}};
  for (const StatusCase& test : cases) {
    for (const bool rejects : {false, true}) {
      SCOPED_TRACE(std::string(test.status) + (rejects ? " REJECT_MESSAGE" : ""));
      std::string document = kGood;
      document.replace(document.find("SUCCESS"), 7, test.status);
      if (rejects) document.insert(1, R"("behaviorOnMxFailure":"REJECT_MESSAGE",)");
      House house(policies(document));
      house.set_rules(rules());
      EXPECT_EQ(house.send(outgoing()).end, rejects ? test.with_reject : test.by_default);
      EXPECT_EQ(house.editor().sender().has_value(), std::string(test.status) == "SUCCESS");
    }
  }
}

TEST(MailFrom, ABounceComesBackToTheSendersMailbox) {
  House house(policies(kGood));
  house.set_rules(rules());
  const auto come_back = [&](const std::string& sender, const std::string& recipient) {
    Mail mail{.sender = sender, .recipients = {"<" + recipient + ">"}};
    const auto outcome = house.send(mail);
    return outcome.rcpt.front() + (outcome.end.empty() ? "" : ", " + outcome.end);
  };
  EXPECT_EQ(come_back("<>", made(house)), "continue, continue");
  EXPECT_EQ(house.editor().recipients(), std::vector<std::string>{"jon@a.net"});
  EXPECT_EQ(come_back("<someone@example.org>", made(house)), "550 5.1.1");
  EXPECT_EQ(come_back("<>", "b+aaaaaaaaaaaaaaaaaaaaaaaa@bounce.a.net"), "550 5.1.1");
  EXPECT_EQ(come_back("<>", "postmaster@bounce.a.net"), "550 5.1.1");
  // Forwarded once more, by us: the address of ours within the address of ours.
  const auto twice = make_srs_address(made(house), "srs.example", house.clock().wall(),
                                      house.services().token_keys);
  if (twice) {
    EXPECT_EQ(come_back("<>", *twice), "continue, continue");
  }
  house.clock().advance(std::chrono::hours(24 * 32));
  house.services().token_keys = {Secret("0123456789abcdef-first")};
  EXPECT_EQ(come_back("<>", *make_bounce_address("jon@a.net", "bounce.a.net",
                                                 house.clock().wall() - std::chrono::hours(24 * 31),
                                                 house.services().token_keys)),
            "550 5.1.1");
}

}  // namespace
}  // namespace postern::session
