// Which providers may send for a domain, and what proves whose tenant sent.
#include "decide/provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::decide {
namespace {

using test::domain_json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kProviders =
    R"("outgoingProviders":[)"
    R"({"id":"1","name":"Outlook","spfProvider":"spf.outlook.example","active":true},)"
    R"({"id":"2","name":"Ravens","spfProvider":"spf.ravens.example","active":true},)"
    R"({"id":"3","name":"Old","spfProvider":"spf.old.example","active":false}])";

TenantProofs proofs() {
  return {{"outlook", {"X-Tenant", {{"got.com", "abc-1"}, {"gone.com", "g"}, {"empty.com", ""}}}},
          {"old", {"X-Old", {{"got.com", "o"}}}}};
}

policy::SnapshotPtr house() {
  return test::snapshot_of(
      {{"domain:got.com", domain_json("got.com", test::kStark, kProviders)},
       {"domain:other.com", domain_json("other.com", test::kStark, kProviders)},
       {"domain:empty.com", domain_json("empty.com", test::kStark, kProviders)},
       {"domain:gone.com", std::string(R"({"name":"gone.com","status":"DELETED","policyId":"x",)") +
                               kProviders + "}"}});
}

std::vector<std::string> names(const std::string& domain) {
  const auto snapshot = house();
  std::vector<std::string> found;
  const TenantProofs given = proofs();
  for (const auto& one : tenant_providers(*snapshot->domain(domain), given)) {
    found.push_back(one.provider->name);
  }
  return found;
}

TEST(Providers, CountOnlyWithAProofForThatDomain) {
  EXPECT_THAT(names("got.com"), ElementsAre("Outlook"));
  EXPECT_THAT(names("other.com"), IsEmpty());
  EXPECT_THAT(names("empty.com"), IsEmpty()) << "an empty proof is one that anybody can write";
}

TEST(Providers, WithoutAProofAreNamed) {
  const auto snapshot = house();
  EXPECT_THAT(providers_without_proof(*snapshot->domain("got.com"), proofs()),
              ElementsAre("Ravens"));
  EXPECT_THAT(providers_without_proof(*snapshot->domain("other.com"), proofs()),
              ElementsAre("Outlook", "Ravens"));
}

TEST(Providers, InUseAreThoseOfDomainsThatMaySend) {
  EXPECT_THAT(providers_in_use(*house(), proofs()), ElementsAre("spf.outlook.example"));
  EXPECT_THAT(providers_in_use(*house(), {}), IsEmpty());
  EXPECT_THAT(providers_in_use(*house(), {{"outlook", {"X-Tenant", {{"gone.com", "g"}}}}}),
              IsEmpty());
}

struct Row {
  std::vector<std::pair<std::string, std::string>> headers;
  bool proven;
};

TEST(Proof, IsTheHeaderSayingThatAndNothingElse) {
  const auto snapshot = house();
  const TenantProofs given = proofs();
  const auto provider = tenant_providers(*snapshot->domain("got.com"), given).front();
  const Row rows[] = {
      {{{"X-Tenant", " abc-1"}}, true},
      {{{"x-tenant", "abc-1 "}}, true},
      {{{"X-Tenant", " abc-1"}, {"X-Tenant", " abc-1"}}, true},
      {{}, false},
      {{{"X-Tenant", ""}}, false},
      {{{"X-Tenant", " ABC-1"}}, false},
      {{{"X-Tenant", " abc-12"}}, false},
      {{{"X-Other", " abc-1"}}, false},
      {{{"X-Tenant", " abc-1"}, {"X-Tenant", " xyz-9"}}, false},
      {{{"X-Tenant", " xyz-9"}, {"X-Tenant", " abc-1"}}, false},
  };
  for (const Row& row : rows) {
    mail::Message message;
    std::string shown;
    for (const auto& [name, value] : row.headers) {
      message.add_header(name, value);
      shown.append(name).append(":").append(value).append("; ");
    }
    EXPECT_EQ(is_proven(provider, message), row.proven) << shown;
  }
}

}  // namespace
}  // namespace postern::decide
