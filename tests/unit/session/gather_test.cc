// Scanners: the highest score counts, one that is away is told, and nobody is asked in vain.
#include "session/gather.h"

#include <gtest/gtest.h>

#include "support/conversation.h"

namespace postern::session {
namespace {

using test::House;

policy::SnapshotPtr policies() {
  const std::string indifferent =
      R"({"quarantine":false,"relayProps":{"relaySpam":true,"relayAdvert":true,
          "spamScoreLimit":null}})";
  return test::snapshot_of({{"domain:a.net", test::domain_json("a.net", test::kPolicyA)},
                            {"domain:all.net", test::domain_json("all.net", indifferent)}});
}

TEST(Scanners, TheHighestScoreCounts) {
  House house(policies());
  house.add_scanner(ports::ScanResult{1000, false, ""}, "low");
  house.add_scanner(ports::ScanResult{8000, false, ""}, "high");
  house.add_scanner(ports::ScanResult{-500, false, ""}, "negative");
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>"}}).end, "continue");
  EXPECT_EQ(house.editor().header("X-Spam-Score"), "8.0");
}

TEST(Scanners, OneThatIsAwayIsNoCleanVerdict) {
  House house(policies());
  house.add_scanner(ports::ScanResult{1000, false, ""}, "present");
  house.add_scanner(temporary_error("away"), "away");
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>"}}).end, "451 4.7.1");
  Rules rules;
  rules.decide.spam_on_failure = decide::OnFailure::accept;
  house.set_rules(rules);
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>"}}).end, "continue");
  EXPECT_EQ(house.editor().header("X-Spam-Score"), "1.0") << "the others still count";
}

TEST(Scanners, AVirusOfOneIsAVirus) {
  House house(policies());
  house.add_scanner(ports::ScanResult{0, false, ""}, "clean");
  house.add_scanner(ports::ScanResult{0, false, "Eicar"}, "finder");
  EXPECT_EQ(house.send({.recipients = {"<b@a.net>"}}).end, "discard");
  EXPECT_EQ(house.vault().stored()[0].message.virus, "Eicar");
}

TEST(Scanners, SeeTheMessageByteForByte) {
  House house(policies());
  auto& scanner = house.add_scanner(ports::ScanResult{});
  house.send({.recipients = {"<b@a.net>"}});
  EXPECT_EQ(scanner.last_message(),
            "From: someone@example.org\r\nSubject: Hello\r\nDate: Thu, 01 Jan 2026 00:00:00 "
            "+0000\r\n\r\nHello.\r\n");
}

TEST(Scanners, AreNotAskedWhereNoPolicyCouldBeMoved) {
  House house(policies());
  auto& scanner = house.add_scanner(ports::ScanResult{99000, false, ""});
  EXPECT_EQ(house.send({.recipients = {"<b@all.net>"}}).end, "continue");
  EXPECT_EQ(scanner.asked(), 0);
}

}  // namespace
}  // namespace postern::session
