// Today's policy says how long a copy is kept, where it would keep it; otherwise what was promised stands.
#include "upkeep/term.h"

#include <gtest/gtest.h>

#include "support/policies.h"

namespace postern::upkeep {
namespace {

using decide::MailClass;
using ports::Purpose;
using std::chrono::days;

const WallTime kReceived = std::chrono::sys_days{std::chrono::year(2026) / 1 / 31};

std::string policy_json(const std::string& members) {
  return R"({"id":"P","name":"p","spamScore":5,)" + members + "}";
}
constexpr const char* kKeepsSpam10 =
    R"("quarantine":true,"quarantineProps":{"duration":10,"storeSpam":true})";
constexpr const char* kKeepsNothing = R"("quarantine":false)";
constexpr const char* kArchives3 =
    R"("quarantine":false,"archive":true,"archiveProps":{"duration":1,"storeSpam":true,
       "storeCleanMailIn":false,"storeMailOut":true})";

struct TermCase {
  const char* name;
  test::Documents documents;
  ports::VaultCopy copy;
  bool is_known;
  std::optional<WallTime> until;
};

ports::VaultCopy copy_of(Purpose purpose, MailClass mail_class, int duration,
                         const std::string& reason = "x") {
  return {"a@got.com", "got.com", purpose, mail_class, reason, duration};
}

TEST(Term, Table) {
  const auto with = [](const char* members, const std::string& extra = "") -> test::Documents {
    return {{"domain:got.com", test::domain_json("got.com", policy_json(members), extra)}};
  };
  const auto spam = copy_of(Purpose::quarantine, MailClass::spam, 31);
  const auto deleted = [](const char* members, const char* dates) -> test::Documents {
    return {{"domain:got.com", R"({"name":"got.com","status":"DELETED","policy":)" +
                                   policy_json(members) + "," + dates + "}"}};
  };
  // 2026-02-03 in milliseconds.
  constexpr const char* kPurge = R"("purgeDate":1770076800000)";
  const WallTime purge = std::chrono::sys_days{std::chrono::year(2026) / 2 / 3};
  const TermCase cases[] = {
      {"shorter now", with(kKeepsSpam10), spam, true, kReceived + days(10)},
      {"longer now", with(kKeepsSpam10), copy_of(Purpose::quarantine, MailClass::spam, 3), true,
       kReceived + days(10)},
      {"no longer kept: as promised", with(kKeepsNothing), spam, true, kReceived + days(31)},
      {"another class is kept: as promised", with(kKeepsSpam10),
       copy_of(Purpose::quarantine, MailClass::advert, 31), true, kReceived + days(31)},
      {"kept instead of a refusal: as promised", with(kKeepsNothing),
       copy_of(Purpose::quarantine, MailClass::spam, 7), true, kReceived + days(7)},
      {"for ever, as promised", with(kKeepsNothing),
       copy_of(Purpose::quarantine, MailClass::spam, 0), true, std::nullopt},
      {"months, the shorter one's last day", with(kArchives3),
       copy_of(Purpose::archive, MailClass::spam, 48), true,
       std::chrono::sys_days{std::chrono::year(2026) / 2 / 28}},
      {"sent mail by its own flag", with(kArchives3),
       copy_of(Purpose::archive, MailClass::clean, 48, "sent"), true,
       std::chrono::sys_days{std::chrono::year(2026) / 2 / 28}},
      {"received mail by its own", with(kArchives3), copy_of(Purpose::archive, MailClass::clean, 2),
       true, std::chrono::sys_days{std::chrono::year(2026) / 3 / 31}},
      {"nobody's domain any more: as promised", {}, spam, true, kReceived + days(31)},
      {"the user's own policy",
       {{"domain:got.com", test::domain_json("got.com", policy_json(kKeepsNothing))},
        {"user:a@got.com",
         R"({"email":"a@got.com","status":"ENABLED","policy":)" + policy_json(kKeepsSpam10) + "}"}},
       spam,
       true,
       kReceived + days(10)},
      {"another user's is not ours",
       {{"domain:got.com", test::domain_json("got.com", policy_json(kKeepsNothing))},
        {"user:b@got.com",
         R"({"email":"b@got.com","status":"ENABLED","policy":)" + policy_json(kKeepsSpam10) + "}"}},
       spam,
       true,
       kReceived + days(31)},
      {"a policy that does not resolve: nobody can say",
       {{"domain:got.com", R"({"name":"got.com","status":"ENABLED","policyId":"gone"})"}},
       spam,
       false,
       std::nullopt},
      {"a deleted domain's ends at its purge date", deleted(kKeepsSpam10, kPurge), spam, true,
       purge},
      {"but no later than otherwise", deleted(kKeepsSpam10, R"("purgeDate":1900000000000)"), spam,
       true, kReceived + days(10)},
      {"without a date as otherwise", deleted(kKeepsSpam10, R"("purgeDate":null)"), spam, true,
       kReceived + days(10)},
      {"a date on a domain that lives is none", with(kKeepsSpam10, kPurge), spam, true,
       kReceived + days(10)},
  };
  for (const TermCase& test : cases) {
    SCOPED_TRACE(test.name);
    ports::VaultRow row;
    row.copy = test.copy;
    row.received = kReceived;
    const Term term = term_of(*test::snapshot_of(test.documents), "", row);
    EXPECT_EQ(term.is_known, test.is_known);
    EXPECT_EQ(term.until, test.until);
  }
}

}  // namespace
}  // namespace postern::upkeep
