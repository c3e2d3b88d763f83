// The way back in: the submit listener takes what carries our token, and nothing else.
#include <gtest/gtest.h>

#include "base/submit_token.h"
#include "support/conversation.h"

namespace postern::session {
namespace {

using test::House;
using test::Mail;

policy::SnapshotPtr policies() {
  return test::snapshot_of({{"domain:a.net", test::domain_json("a.net", test::kPolicyA)}});
}

Mail resubmitted(const std::string& token) {
  return {
      .sender = "<someone@example.org>",
      .recipients = {"<b@a.net>", "<joffrey@nowhere.org>"},
      .headers = {{"X-Postern-Token", " " + token}, {"X-Spam-Score", " -5"}, {"Subject", " Hello"}},
      .client = "127.0.0.1",
      .daemon_name = "postern-submit"};
}

std::string token_for(const House& house, const std::string& sender,
                      const std::vector<std::string>& recipients, const Secret& key) {
  (void)house;
  return make_submit_token("0123", sender, recipients,
                           test::ManualClock().wall() + std::chrono::hours(1), {key});
}

const Secret& second_key(House& house) { return house.services().token_keys[1]; }

TEST(Submit, AValidTokenPassesUnfilteredAndIsRemoved) {
  House house(policies());
  auto& scanner = house.add_scanner(ports::ScanResult{99000, false, ""});
  const auto token = token_for(house, "someone@example.org", {"joffrey@nowhere.org", "b@a.net"},
                               second_key(house));
  const auto outcome = house.send(resubmitted(token));
  EXPECT_EQ(outcome.end, "continue");
  EXPECT_EQ(house.editor().header("X-Postern-Token"), "(none)");
  EXPECT_EQ(house.editor().header("X-Postern-Id"), "0123") << "under the id it was stored with";
  EXPECT_EQ(house.editor().header("X-Spam-Score"), "(none)")
      << "its sender's word is still not ours";
  EXPECT_EQ(house.editor().header("Subject"), "Hello");
  EXPECT_EQ(house.editor().recipients().size(), 2U);
  EXPECT_EQ(scanner.asked(), 0);
}

TEST(Submit, ACopyKeepsTheHeaderThatItWasGiven) {
  House house(policies());
  const std::string id = "0123" + std::string(kFinishedMark);
  Mail copy = resubmitted(
      make_submit_token(id, "someone@example.org", {"b@a.net", "joffrey@nowhere.org"},
                        test::ManualClock().wall() + std::chrono::hours(1), {second_key(house)}));
  copy.headers.push_back({"X-Postern-Id", " 0123"});
  copy.headers.push_back({"X-Postern-Would", " quarantine; spam"});
  copy.headers.push_back({"Authentication-Results", " mail.test; spf=pass"});
  EXPECT_EQ(house.send(copy).end, "continue");
  EXPECT_EQ(house.editor().header("X-Postern-Token"), "(none)");
  EXPECT_EQ(house.editor().headers().size(), copy.headers.size() - 1) << "the token alone is gone";
  EXPECT_EQ(house.editor().header("X-Spam-Score"), "-5");
  EXPECT_EQ(house.editor().header("X-Postern-Id"), "0123");

  // The mark is proven with the rest: nobody puts it there afterwards.
  const auto token = token_for(house, "someone@example.org", {"b@a.net", "joffrey@nowhere.org"},
                               second_key(house));
  Mail marked = resubmitted(id + token.substr(token.find(' ')));
  EXPECT_EQ(house.send(marked).end, "550 5.7.1");
}

TEST(Submit, NothingElsePasses) {
  House house(policies());
  const Secret& key = second_key(house);
  const std::vector<std::string> both = {"b@a.net", "joffrey@nowhere.org"};
  const std::vector<std::pair<const char*, std::string>> forgeries = {
      {"none", ""},
      {"nonsense", "0123 nonsense"},
      {"other sender", token_for(house, "else@example.org", both, key)},
      {"fewer recipients", token_for(house, "someone@example.org", {"b@a.net"}, key)},
      {"foreign key",
       token_for(house, "someone@example.org", both, Secret("0123456789abcdef-foreign"))}};
  for (const auto& [what, token] : forgeries) {
    EXPECT_EQ(house.send(resubmitted(token)).end, "550 5.7.1") << what;
  }
}

TEST(Submit, AnExpiredTokenIsRefused) {
  House house(policies());
  const auto token = token_for(house, "someone@example.org", {"b@a.net", "joffrey@nowhere.org"},
                               second_key(house));
  house.clock().advance(std::chrono::hours(2));
  EXPECT_EQ(house.send(resubmitted(token)).end, "550 5.7.1");
}

TEST(Submit, WithoutKeysNothingIsBelieved) {
  House house(policies());
  const auto token = token_for(house, "someone@example.org", {"b@a.net", "joffrey@nowhere.org"},
                               second_key(house));
  house.services().token_keys.clear();
  EXPECT_EQ(house.send(resubmitted(token)).end, "550 5.7.1");
}

TEST(Submit, ATokenIsWorthNothingElsewhere) {
  House house(policies());
  Mail mail = resubmitted(token_for(house, "someone@example.org", {"b@a.net"}, second_key(house)));
  mail.daemon_name = "mx.postern.test";
  mail.recipients = {"<b@a.net>"};
  mail.client = "203.0.113.9";
  house.add_scanner(ports::ScanResult{99000, false, ""});
  EXPECT_EQ(house.send(mail).end, "discard");
}

}  // namespace
}  // namespace postern::session
