// Quarantine and retention count days, archives calendar months; a policy keeps what its flags say.
#include "decide/keeping.h"

#include <gtest/gtest.h>

#include <limits>

namespace postern::decide {
namespace {

using std::chrono::year;

constexpr int kMost = std::numeric_limits<int>::max();

struct ExpiryCase {
  Purpose purpose;
  std::chrono::year_month_day received;
  int duration;
  std::optional<std::chrono::year_month_day> expires;
};

TEST(Expiry, Table) {
  const ExpiryCase cases[] = {
      {Purpose::quarantine, year(2026) / 5 / 25, 1, year(2026) / 5 / 26},
      {Purpose::quarantine, year(2026) / 5 / 25, 31, year(2026) / 6 / 25},
      {Purpose::quarantine, year(2024) / 2 / 28, 1, year(2024) / 2 / 29},
      {Purpose::retention, year(2026) / 12 / 30, 5, year(2027) / 1 / 4},
      {Purpose::archive, year(2026) / 5 / 25, 1, year(2026) / 6 / 25},
      {Purpose::archive, year(2026) / 1 / 31, 1, year(2026) / 2 / 28},
      {Purpose::archive, year(2024) / 1 / 31, 1, year(2024) / 2 / 29},
      {Purpose::archive, year(2024) / 2 / 29, 12, year(2025) / 2 / 28},
      {Purpose::archive, year(2024) / 2 / 29, 48, year(2028) / 2 / 29},
      {Purpose::archive, year(2026) / 8 / 31, 3, year(2026) / 11 / 30},
      {Purpose::archive, year(2026) / 10 / 31, 3, year(2027) / 1 / 31},
      {Purpose::archive, year(2026) / 12 / 1, 48, year(2030) / 12 / 1},
      {Purpose::archive, year(2026) / 12 / 1, 2400, year(2226) / 12 / 1},
      {Purpose::quarantine, year(2026) / 5 / 25, 0, std::nullopt},
      {Purpose::archive, year(2026) / 5 / 25, 0, std::nullopt},
      {Purpose::quarantine, year(2026) / 5 / 25, -1, std::nullopt},
      {Purpose::archive, year(2026) / 5 / 25, -12, std::nullopt},
      {Purpose::quarantine, year(2026) / 5 / 25, kMost, std::nullopt},
      {Purpose::archive, year(2026) / 5 / 25, kMost, std::nullopt},
  };
  const auto time_of_day = std::chrono::hours(23) + std::chrono::minutes(59);
  for (const ExpiryCase& test : cases) {
    SCOPED_TRACE(std::string(to_string(test.purpose)) + " " + std::to_string(test.duration));
    std::optional<WallTime> expected;
    if (test.expires) expected = std::chrono::sys_days{*test.expires} + time_of_day;
    EXPECT_EQ(
        expiry_of(test.purpose, test.duration, std::chrono::sys_days{test.received} + time_of_day),
        expected);
  }
}

struct KeepingCase {
  const char* name;
  Purpose purpose;
  MailClass mail_class;
  bool is_sent;
  void (*allow)(policy::Policy& policy);  // the one flag that this copy hangs on
};

TEST(Keeping, Table) {
  using policy::Policy;
  const KeepingCase cases[] = {
      {"spam", Purpose::quarantine, MailClass::spam, false,
       [](Policy& policy) { policy.quarantine_props.store_spam = true; }},
      {"virus", Purpose::quarantine, MailClass::virus, false,
       [](Policy& policy) { policy.quarantine_props.store_virus = true; }},
      {"advert", Purpose::quarantine, MailClass::advert, false,
       [](Policy& policy) { policy.quarantine_props.store_advert = true; }},
      {"archived spam", Purpose::archive, MailClass::spam, false,
       [](Policy& policy) { policy.archive_props.store_spam = true; }},
      {"archived clean mail", Purpose::archive, MailClass::clean, false,
       [](Policy& policy) { policy.archive_props.store_clean_mail_in = true; }},
      {"archived sent mail", Purpose::archive, MailClass::clean, true,
       [](Policy& policy) { policy.archive_props.store_mail_out = true; }},
      {"retained clean mail", Purpose::retention, MailClass::clean, false,
       [](Policy& policy) { policy.retention_props.store_clean_mail_in = true; }},
      {"retained sent mail", Purpose::retention, MailClass::clean, true,
       [](Policy& policy) { policy.retention_props.store_mail_out = true; }},
  };
  for (const KeepingCase& test : cases) {
    SCOPED_TRACE(test.name);
    // Each flag counts for its own copies and for no others.
    Policy policy;
    EXPECT_FALSE(keeps(policy, test.purpose, test.mail_class, test.is_sent));
    test.allow(policy);
    for (const KeepingCase& other : cases) {
      EXPECT_EQ(keeps(policy, other.purpose, other.mail_class, other.is_sent),
                other.name == test.name)
          << other.name;
    }
  }
}

TEST(Keeping, NobodyKeepsAnArchivedVirusOrWhatWasTooLarge) {
  policy::Policy policy;
  policy.quarantine_props.store_virus = true;
  policy.archive_props = {.duration_months = 12,
                          .archive_by_copy = true,
                          .store_mail_out = true,
                          .store_clean_mail_in = true,
                          .store_spam = true,
                          .store_bad_headers = true,
                          .store_bad_encoding = true,
                          .store_bad_attachments = true,
                          .store_advert = true,
                          .store_blacklisted = true,
                          .store_sender_verify = true};
  EXPECT_FALSE(keeps(policy, Purpose::archive, MailClass::virus, false));
  EXPECT_FALSE(keeps(policy, Purpose::quarantine, MailClass::oversize, false));
  EXPECT_FALSE(keeps(policy, Purpose::archive, MailClass::oversize, false));
}

}  // namespace
}  // namespace postern::decide
