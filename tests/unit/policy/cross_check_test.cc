#include "policy/cross_check.h"

#include <gmock/gmock.h>

#include "support/policies.h"

namespace postern::policy {
namespace {

using test::domain_json;
using test::snapshot_of;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> told(const std::vector<CrossFault>& faults) {
  std::vector<std::string> texts;
  for (const CrossFault& one : faults)
    texts.push_back(one.key.to_string() + " " + to_string(one.fault));
  return texts;
}

const std::string kDomain = domain_json("x.net", test::kStark);

TEST(CrossCheck, ASoundSetHasNoFaults) {
  const auto found =
      cross_check(*snapshot_of({{"domain:x.net", kDomain},
                                {"policy:p", R"({"spamScore":4})"},
                                {"user:a@x.net", R"({"email":"a@x.net","policyId":"p"})"},
                                {"user:b@x.net", R"({"email":"b@x.net","policyId":"S"})"},
                                {"wblist:x.net", "[]"},
                                {"attachments:*", "[]"}}));
  EXPECT_THAT(told(found.faults), IsEmpty());
  EXPECT_THAT(told(found.warnings), IsEmpty());
}

TEST(CrossCheck, AnIdThatNobodyHasIsAFaultWithWhatWouldMendIt) {
  const auto found = cross_check(*snapshot_of(
      {{"domain:x.net", kDomain},
       {"user:a@x.net", R"({"email":"a@x.net","policyId":"gone","platformId":"lost"})"},
       {"user:b@y.net", R"({"email":"b@y.net","policyId":"away"})"}}));
  EXPECT_THAT(told(found.faults),
              ElementsAre("user:a@x.net /policyId: gone does not resolve; its mail is deferred",
                          "user:a@x.net /platformId: lost does not resolve; its mail is deferred",
                          "user:b@y.net /policyId: away does not resolve; its mail is deferred"));
  ASSERT_TRUE(found.faults[1].missing);
  EXPECT_EQ(found.faults[1].missing->to_string(), "platform:lost");
}

TEST(CrossCheck, DocumentsThatCountForNobodyAreWarnings) {
  const auto found = cross_check(
      *snapshot_of({{"domain:x.net",
                     domain_json("x.net", test::kStark, R"("domainAliases":[{"name":"z.net"}])")},
                    {"user:a@y.net", R"({"email":"a@y.net"})"},
                    {"user:a@z.net", R"({"email":"a@z.net"})"},
                    {"wblist:a@y.net", "[]"},
                    {"wblist:a@z.net", "[]"},
                    {"uris:y.net", "[]"}}));
  EXPECT_THAT(told(found.faults), IsEmpty());
  EXPECT_THAT(
      told(found.warnings),
      ElementsAre("user:a@y.net /email: no domain y.net is served: the user is never looked up",
                  "user:a@z.net /email: z.net is an alias of x.net: the user is never looked up",
                  "wblist:a@y.net the document: no domain y.net is served: it counts for nobody",
                  "uris:y.net the document: no domain y.net is served: it counts for nobody"));
}

TEST(CrossCheck, GroupsThatAreTooLargeOrNotReached) {
  std::string many;
  for (int i = 0; i < 1'001; ++i) {
    many += (i == 0 ? "" : ",") + std::string(R"({"email":"m)") + std::to_string(i) +
            R"(@else.net","type":"EXTERNAL_ADDRESS"})";
  }
  const auto found = cross_check(
      *snapshot_of({{"domain:x.net", kDomain},
                    {"user:a@x.net", R"({"email":"a@x.net"})"},
                    {"groups:x.net",
                     R"([{"email":"a@x.net","recipients":[]},{"email":"all@x.net","recipients":[)" +
                         many + "]}]"}}));
  EXPECT_THAT(told(found.faults),
              ElementsAre("groups:x.net /1/recipients: more than 1000 members"));
  EXPECT_THAT(told(found.warnings),
              ElementsAre("groups:x.net /0/email: a@x.net is a user, and the user wins",
                          "groups:x.net /0/recipients: nobody is in a@x.net: its mail is refused"));
}

}  // namespace
}  // namespace postern::policy
