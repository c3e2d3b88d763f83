// Policy sets for tests, from the documents the admin API's own examples show.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "policy/snapshot.h"

namespace postern::test {

using Documents = std::vector<std::pair<std::string, std::string>>;

inline policy::SnapshotPtr snapshot_of(const Documents& documents, std::uint64_t generation = 7) {
  policy::SnapshotEditor editor(policy::Snapshot{}, policy::DecodeOptions{});
  for (const auto& [name, json] : documents) {
    const auto key = policy::DocumentKey::parse(name);
    EXPECT_TRUE(key) << name;
    if (!key) continue;
    const Status put = editor.put(*key, json);
    EXPECT_TRUE(put) << name << ": " << (put ? "" : put.error().what);
  }
  return editor.finish(generation);
}

// Relays everything below 20, keeps everything: the API's "policyA".
inline constexpr const char* kPolicyA =
    R"({"id":"A","name":"policyA","quarantine":true,"retention":false,"archive":false,
        "mailSizeLimit":8,"spamScore":7.2,"incoming":true,"outgoing":false,
        "relayProps":{"relaySpam":true,"relayAdvert":true,"advertPrefix":"[PUB]",
          "prefixSpam":"[SPAM]","relayBadHeaders":true,"relayBadAttachments":true,
          "spamScoreLimit":20.0},
        "quarantineProps":{"duration":31,"storeSpam":true,"storeVirus":true,"storeAdvert":true,
          "storeBlacklisted":true,"storeSenderVerify":true,"storeBadHeaders":true,
          "storeBadEncoding":true,"storeBadAttachments":true}})";
// Spam is quarantined and archived, advert tagged, viruses refused: "DefaultTestPolicy".
inline constexpr const char* kDefaultTestPolicy =
    R"({"id":"D","name":"DefaultTestPolicy","quarantine":true,"retention":false,"archive":true,
        "mailSizeLimit":6,"spamScore":7.6,"incoming":true,"outgoing":false,
        "relayProps":{"relaySpam":false,"relayAdvert":true,"advertPrefix":"[ADVERT]",
          "prefixSpam":null,"relayBadHeaders":false,"relayBadAttachments":false,
          "spamScoreLimit":7.6},
        "quarantineProps":{"duration":3,"storeSpam":true,"storeVirus":false,"storeAdvert":false,
          "storeBlacklisted":false,"storeSenderVerify":false,"storeBadHeaders":true,
          "storeBadEncoding":true,"storeBadAttachments":true},
        "retentionProps":null,
        "archiveProps":{"duration":12,"archiveByCopy":false,"storeMailOut":true,
          "storeCleanMailIn":true,"storeSpam":true,"storeBadHeaders":true,"storeBadEncoding":true,
          "storeBadAttachments":true,"storeAdvert":false,"storeBlacklisted":false,
          "storeSenderVerify":false}})";
// Relays below 10, keeps nothing, no prefix: "Politique-lannister.net".
inline constexpr const char* kLannister =
    R"({"id":"L","name":"Politique-lannister.net","quarantine":true,"retention":true,
        "archive":true,"mailSizeLimit":5,"spamScore":6.8,"incoming":true,"outgoing":false,
        "relayProps":{"relaySpam":true,"relayAdvert":true,"advertPrefix":"[AD]",
          "prefixSpam":null,"relayBadHeaders":true,"relayBadAttachments":true,
          "spamScoreLimit":10.0},
        "quarantineProps":{"duration":31,"storeSpam":false,"storeVirus":false,
          "storeAdvert":false,"storeBlacklisted":false,"storeSenderVerify":false,
          "storeBadHeaders":false,"storeBadEncoding":false,"storeBadAttachments":false},
        "retentionProps":{"duration":5,"storeMailOut":false,"storeCleanMailIn":false},
        "archiveProps":{"duration":48,"archiveByCopy":false,"storeMailOut":false,
          "storeCleanMailIn":false,"storeSpam":false,"storeBadHeaders":false,
          "storeBadEncoding":false,"storeBadAttachments":false,"storeAdvert":false,
          "storeBlacklisted":false,"storeSenderVerify":false}})";
// No quarantine, refuses spam at 10: "Politique-stark.net".
inline constexpr const char* kStark =
    R"({"id":"S","name":"Politique-stark.net","quarantine":false,"retention":false,
        "archive":false,"mailSizeLimit":21,"spamScore":5.0,"incoming":true,"outgoing":false,
        "relayProps":{"relaySpam":true,"relayAdvert":true,"advertPrefix":"","prefixSpam":null,
          "relayBadHeaders":true,"relayBadAttachments":true,"spamScoreLimit":10.0},
        "quarantineProps":null,"retentionProps":null,"archiveProps":null})";
// Quarantines spam from 5: "policyB".
inline constexpr const char* kPolicyB =
    R"({"id":"B","name":"policyB","quarantine":true,"retention":false,"archive":false,
        "mailSizeLimit":14,"spamScore":5.0,"incoming":true,"outgoing":false,
        "relayProps":{"relaySpam":false,"relayAdvert":true,"advertPrefix":"","prefixSpam":null,
          "relayBadHeaders":false,"relayBadAttachments":false,"spamScoreLimit":5.0},
        "quarantineProps":{"duration":30,"storeSpam":true,"storeVirus":false,
          "storeAdvert":false,"storeBlacklisted":false,"storeSenderVerify":false,
          "storeBadHeaders":true,"storeBadEncoding":true,"storeBadAttachments":true},
        "retentionProps":null,"archiveProps":null})";

inline constexpr const char* kPlatform =
    R"({"id":"P","name":"platform","transportDest":"127.0.0.2","transportType":"SMTP",
        "transportPort":25,"default":true})";

// {"name": name, "status": "ENABLED", "policy": …, "platforms": […], extra…}
inline std::string domain_json(const std::string& name, const std::string& policy,
                               const std::string& extra = "") {
  return R"({"name":")" + name + R"(","status":"ENABLED","policy":)" + policy +
         R"(,"platforms":[)" + kPlatform + "]" + (extra.empty() ? "" : "," + extra) + "}";
}

inline policy::Policy policy_of(const std::string& json) {
  const auto snapshot = snapshot_of({{"domain:x.net", domain_json("x.net", json)}});
  const policy::Domain* const domain = snapshot->domain("x.net");
  EXPECT_NE(domain, nullptr);
  return *domain->policy;
}

}  // namespace postern::test
