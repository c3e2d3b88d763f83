// Everything that is wrong with a document is told at once, each with its place.
#include <gmock/gmock.h>

#include "policy/decode.h"

namespace postern::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> told(const std::string& key, const std::string& json) {
  std::vector<std::string> texts;
  for (const DocumentFault& fault : faults_of(*DocumentKey::parse(key), json, {})) {
    texts.push_back(to_string(fault));
  }
  return texts;
}

TEST(Faults, EveryWrongMemberIsToldOnceInItsPlace) {
  EXPECT_THAT(
      told("domain:x.net",
           R"({"name":"x.net","status":5,"senderVerifyOn":"no",
                       "policy":{"spamScore":"5","relayProps":{"relaySpam":1}},
                       "platforms":[{"transportDest":"a.net"},{"transportPort":0}],
                       "outgoingSubnets":["192.0.2.0/24",7]})"),
      ElementsAre("/status: expected a string, found a number 5",
                  R"(/senderVerifyOn: expected a boolean, found a string "no")",
                  R"(/policy/spamScore: expected a number, found a string "5")",
                  "/policy/relayProps/relaySpam: expected a boolean, found a number 1",
                  "/platforms/1/transportDest: missing",
                  "/platforms/1/transportPort: expected a whole number from 1 to 65535, found a "
                  "number 0",
                  "/outgoingSubnets/1: expected a string, found a number 7"));
}

TEST(Faults, EveryElementOfAListIsJudged) {
  EXPECT_THAT(told("wblist:x.net", R"([{"type":"ALLOW"},{"type":"ALLOW","value":"a.net"},
                                       {"value":"b.net"},7])"),
              ElementsAre("/0/value: missing", "/2/type: missing",
                          "/3: expected an object, found a number 7", "/3/type: missing",
                          "/3/value: missing"));
}

TEST(Faults, RulesThatAreLeftOutAreAmongThem) {
  EXPECT_THAT(told("attachments:x.net",
                   R"~([{"action":"deny","checkType":"filename","filter":"(a"},
                       {"action":"deny","checkType":"filename","filter":"ok"},
                       {"action":"deny","checkType":"filename","filter":"b)"}])~"),
              ElementsAre(HasSubstr("/0/filter: missing )"), HasSubstr("/2/filter: ")));
}

TEST(Faults, TheFirstIsTheReasonOfTheRefusal) {
  const std::string json = R"({"name":"x.net","status":"ASLEEP","senderVerifyOn":1})";
  const auto decoded = decode(*DocumentKey::parse("domain:x.net"), json, {});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().what, told("domain:x.net", json).front());
}

TEST(Faults, AHostileDocumentMakesNoMoreThanAHundred) {
  std::string json = "[";
  for (int i = 0; i < 5'000; ++i) json += i == 0 ? "0" : ",0";
  EXPECT_THAT(told("wblist:x.net", json + "]"), SizeIs(kMaxDocumentFaults));
}

TEST(Faults, WhatIsNoJsonIsToldAsAWhole) {
  EXPECT_THAT(told("domain:x.net", "{"), ElementsAre(HasSubstr("the document: not JSON")));
  EXPECT_THAT(told("policy:p", "{}"), IsEmpty());
}

}  // namespace
}  // namespace postern::policy
