#include "decide/keeping.h"

#include <chrono>

#include "decide/class_rules.h"

namespace postern::decide {
namespace {

// The clock itself ends in 2262.
constexpr int kMostYears = 200;

WallTime add_months(WallTime time, int months) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date{day};
  date += std::chrono::months(months);
  if (!date.ok()) date = date.year() / date.month() / std::chrono::last;
  return std::chrono::sys_days{date} + (time - day);
}

}  // namespace

std::optional<WallTime> expiry_of(Purpose purpose, int duration, WallTime received) {
  if (duration <= 0) return std::nullopt;
  switch (purpose) {
    case Purpose::quarantine:
    case Purpose::retention:
      if (duration > kMostYears * 365) return std::nullopt;
      return received + std::chrono::days(duration);
    case Purpose::archive:
      if (duration > kMostYears * 12) return std::nullopt;
      return add_months(received, duration);
  }
  return std::nullopt;
}

int duration_of(const policy::Policy& policy, Purpose purpose) {
  switch (purpose) {
    case Purpose::quarantine:
      return policy.quarantine_props.duration_days;
    case Purpose::retention:
      return policy.retention_props.duration_days;
    case Purpose::archive:
      return policy.archive_props.duration_months;
  }
  return 0;
}

bool keeps(const policy::Policy& policy, Purpose purpose, MailClass mail_class, bool is_sent) {
  // Whether spam was below the limit decides about its delivery, not about its copies.
  const ClassRule rule = rule_of(policy, mail_class, 0);
  switch (purpose) {
    case Purpose::quarantine:
      return rule.store;
    case Purpose::retention:
      if (mail_class != MailClass::clean) return false;
      return is_sent ? policy.retention_props.store_mail_out
                     : policy.retention_props.store_clean_mail_in;
    case Purpose::archive:
      return is_sent ? policy.archive_props.store_mail_out : rule.archive;
  }
  return false;
}

}  // namespace postern::decide
