// The custom MAIL FROM domain of an identity, as the service that keeps it answers.
#include <algorithm>

#include "base/text.h"
#include "mail/address.h"
#include "mail/domain_name.h"
#include "policy/decode_parts.h"

namespace postern::policy {
namespace {

constexpr std::size_t kMaxRecord = 1024;

bool lies_below(std::string_view domain, std::string_view parent) {
  return domain.size() > parent.size() + 1 && domain.ends_with(parent) &&
         domain[domain.size() - parent.size() - 1] == '.';
}

// The identity as a key is written; empty: neither a domain nor an address.
std::string name_of_identity(std::string_view given) {
  if (given.find('@') == std::string_view::npos) return mail::to_a_label(given).value_or("");
  const auto address = mail::Address::parse(given);
  return address ? address->key() : "";
}

// "10 feedback.example." -> "feedback.example".
std::optional<std::string> host_of_mx(std::string_view record) {
  const std::size_t blank = record.rfind(' ');
  if (blank == std::string_view::npos) return mail::to_a_label(record);
  const std::string_view preference = record.substr(0, blank);
  if (preference.empty() || preference.find_first_not_of("0123456789 ") != std::string_view::npos) {
    return std::nullopt;
  }
  return mail::to_a_label(record.substr(blank + 1));
}

// "v=spf1 include:feedback.example ~all" -> "feedback.example".
std::string include_of_spf(std::string_view record) {
  for (const std::string_view term : split(record, ' ')) {
    if (starts_with_ignoring_case(term, "include:")) return ascii_lower(term.substr(8));
  }
  return "";
}

}  // namespace

MailFrom read_mailfrom(const ObjectReader& object, const std::string& name) {
  MailFrom mail_from;
  mail_from.name = name;
  const auto identity = object.text("identity", kMaxAddressSize);
  if (identity && !identity->empty() && name_of_identity(*identity) != name) {
    object.wrong("identity", "the identity in the key");
  }
  if (const auto domain = object.text("mailFromDomain", kMaxAddressSize);
      domain && !domain->empty()) {
    const auto label = mail::to_a_label(*domain);
    const std::string own = name.substr(name.rfind('@') + 1);
    if (!label || !lies_below(*label, own)) {
      object.wrong("mailFromDomain", "a subdomain of " + own);
    }
    mail_from.domain = label.value_or("");
  }
  if (const auto record = object.text("mxRecord", kMaxRecord); record && !record->empty()) {
    const auto host = host_of_mx(*record);
    if (!host) object.wrong("mxRecord", "a preference and a host name");
    mail_from.mx_host = host.value_or("");
  }
  if (const auto record = object.text("txtRecord", kMaxRecord)) {
    mail_from.spf_include = include_of_spf(*record);
  }
  mail_from.status =
      object.choice("mailFromDomainStatus", kMailFromStatuses, MailFromStatus::pending);
  mail_from.on_mx_failure =
      object.choice("behaviorOnMxFailure", kOnMxFailures, OnMxFailure::use_default);
  return mail_from;
}

}  // namespace postern::policy
