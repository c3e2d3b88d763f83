#include "policy/resolve.h"

#include <gtest/gtest.h>

#include "unit/policy/documents.h"

namespace postern::policy {
namespace {

using test::fixture;
using test::key;

SnapshotPtr snapshot_of(const std::vector<std::pair<std::string, std::string>>& documents) {
  SnapshotEditor editor({}, {});
  for (const auto& [document_key, json] : documents) {
    const auto put = editor.put(key(document_key), json);
    EXPECT_TRUE(put) << document_key << ": " << put.error().what;
  }
  return editor.finish(1);
}

// One answer as a line of text: what a recipient gets and from where.
std::string line_of(const Resolved& resolved) {
  return std::visit(
      Overloaded{
          [](const UnknownDomain&) { return std::string("unknown domain"); },
          [](const Dangling& dangling) { return "dangling: " + dangling.what; },
          [](const RecipientPolicy& recipient) {
            return recipient.canonical.to_string() + (recipient.through_alias ? " (alias)" : "") +
                   (recipient.user == nullptr ? " no user" : " user " + recipient.user->email) +
                   ", policy " + recipient.policy->name + " from " + recipient.policy_source +
                   (recipient.platform == nullptr ? ", no platform"
                                                  : ", platform " + recipient.platform->name +
                                                        " from " + recipient.platform_source);
          },
      },
      resolved);
}

std::string resolved(const SnapshotPtr& snapshot, std::string_view address,
                     std::string_view delimiters = "") {
  return line_of(resolve(*snapshot, *mail::Address::parse(address), delimiters));
}

// d.net: nested policy and two default platforms; ids.net: everything by id; bare.net: nothing at
// all.
SnapshotPtr the_set() {
  return snapshot_of({
      {"policy:P1", R"({"name":"one"})"},
      {"platform:R1", R"({"name":"relay-one","transportDest":"r1.net"})"},
      {"domain:d.net", R"({"name":"d.net","domainAliases":[{"name":"alias.net"}],
          "policy":{"id":"DP","name":"of-domain"},
          "platforms":[{"id":"A","name":"a","transportDest":"a.net"},
                       {"id":"B","name":"b","transportDest":"b.net","default":true},
                       {"id":"C","name":"c","transportDest":"c.net","default":true}]})"},
      {"domain:ids.net",
       R"({"name":"ids.net","policyId":"P1","platformId":"R1",
           "platforms":[{"id":"B","name":"b","transportDest":"b.net","default":true}]})"},
      {"domain:bare.net", R"({"name":"bare.net"})"},
      {"domain:quiet.net", R"({"name":"quiet.net","policy":{"name":"quiet"},
          "platforms":[{"id":"A","name":"a","transportDest":"a.net"}]})"},
      {"domain:lost.net", R"({"name":"lost.net","policyId":"gone"})"},
      {"domain:astray.net", R"({"name":"astray.net","policyId":"P1","platformId":"gone"})"},
      {"user:nested@d.net", R"({"email":"nested@d.net","policy":{"name":"of-user"},
          "platform":{"name":"own","transportDest":"own.net"}})"},
      {"user:ids@d.net", R"({"email":"ids@d.net","policyId":"P1","platformId":"R1"})"},
      {"user:inner@d.net", R"({"email":"inner@d.net","policyId":"DP","platformId":"A"})"},
      {"user:plain@d.net", R"({"email":"plain@d.net"})"},
      {"user:plus+tag@d.net", R"({"email":"plus+tag@d.net","policyId":"P1"})"},
      {"user:plus@d.net", R"({"email":"plus@d.net","policy":{"name":"of-plus"}})"},
      {"user:lost@d.net", R"({"email":"lost@d.net","policyId":"gone"})"},
      {"user:astray@d.net", R"({"email":"astray@d.net","platformId":"gone"})"},
      {"user:own@bare.net", R"({"email":"own@bare.net","policyId":"P1"})"},
  });
}

struct Question {
  std::string name;
  std::string address;
  std::string delimiters;
  std::string answer;
};

class Resolve : public testing::TestWithParam<Question> {};

TEST_P(Resolve, SaysWhichRulesApplyAndWhereTheyCameFrom) {
  EXPECT_EQ(resolved(the_set(), GetParam().address, GetParam().delimiters), GetParam().answer);
}

INSTANTIATE_TEST_SUITE_P(
    Questions, Resolve,
    testing::Values(
        Question{"UnknownDomain", "a@nowhere.net", "", "unknown domain"},
        Question{"UnknownUser", "nobody@d.net", "",
                 "nobody@d.net no user, policy of-domain from domain:d.net, platform b from "
                 "domain:d.net"},
        Question{"SpellingIsKept", "NoBody@D.NET", "",
                 "NoBody@d.net no user, policy of-domain from domain:d.net, platform b from "
                 "domain:d.net"},
        Question{"ThroughAlias", "Plain@alias.net", "",
                 "Plain@d.net (alias) user plain@d.net, policy of-domain from domain:d.net, "
                 "platform b from domain:d.net"},
        Question{"NestedInUser", "nested@d.net", "",
                 "nested@d.net user nested@d.net, policy of-user from user:nested@d.net, platform "
                 "own from user:nested@d.net"},
        Question{"ByIdInUser", "ids@d.net", "",
                 "ids@d.net user ids@d.net, policy one from policy:P1, platform relay-one from "
                 "platform:R1"},
        Question{"IdOfWhatTheDomainCarries", "inner@d.net", "",
                 "inner@d.net user inner@d.net, policy of-domain from domain:d.net, platform a "
                 "from domain:d.net"},
        Question{"UserWithoutEither", "plain@d.net", "",
                 "plain@d.net user plain@d.net, policy of-domain from domain:d.net, platform b "
                 "from domain:d.net"},
        Question{"QuotedIsTheSameUser", "\"Nested\"@d.net", "",
                 "Nested@d.net user nested@d.net, policy of-user from user:nested@d.net, platform "
                 "own from user:nested@d.net"},
        Question{"ByIdInDomain", "x@ids.net", "",
                 "x@ids.net no user, policy one from policy:P1, platform relay-one from "
                 "platform:R1"},
        Question{"NoDefaultPlatform", "x@quiet.net", "",
                 "x@quiet.net no user, policy quiet from domain:quiet.net, no platform"},
        Question{"SubAddressWithoutDelimiter", "nested+x@d.net", "",
                 "nested+x@d.net no user, policy of-domain from domain:d.net, platform b from "
                 "domain:d.net"},
        Question{"SubAddress", "Nested+x@d.net", "+",
                 "Nested+x@d.net user nested@d.net, policy of-user from user:nested@d.net, "
                 "platform own from user:nested@d.net"},
        Question{"ExactBeforeSubAddress", "plus+tag@d.net", "+",
                 "plus+tag@d.net user plus+tag@d.net, policy one from policy:P1, platform b from "
                 "domain:d.net"},
        Question{"UserPolicyInADomainWithout", "own@bare.net", "",
                 "own@bare.net user own@bare.net, policy one from policy:P1, no platform"},
        Question{"DomainWithoutPolicy", "x@bare.net", "",
                 "dangling: domain:bare.net has no policy"},
        Question{"DanglingPolicyOfDomain", "x@lost.net", "",
                 "dangling: domain:lost.net: policyId gone does not resolve"},
        Question{"DanglingPlatformOfDomain", "x@astray.net", "",
                 "dangling: domain:astray.net: platformId gone does not resolve"},
        // Never the domain's default instead.
        Question{"DanglingPolicyOfUser", "lost@d.net", "",
                 "dangling: user:lost@d.net: policyId gone does not resolve"},
        Question{"DanglingPlatformOfUser", "astray@d.net", "",
                 "dangling: user:astray@d.net: platformId gone does not resolve"}),
    [](const auto& test) { return test.param.name; });

TEST(Resolve, TheFirstOfSeveralDefaultPlatformsCounts) {
  const auto set = snapshot_of({{"domain:got.com", fixture("domain_got.com_six_platforms")}});
  const auto recipient = resolve(*set, *mail::Address::parse("arya@got.com"), "");
  EXPECT_EQ(std::get<RecipientPolicy>(recipient).platform->id, "Eygdk");
}

TEST(Resolve, StatusIsNotItsBusiness) {
  const auto set =
      snapshot_of({{"domain:d.net", R"({"name":"d.net","status":"DELETED","policy":{}})"}});
  EXPECT_TRUE(
      std::holds_alternative<RecipientPolicy>(resolve(*set, *mail::Address::parse("a@d.net"), "")));
}

}  // namespace
}  // namespace postern::policy
