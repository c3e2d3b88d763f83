#include "decide/class_rules.h"

#include "base/text.h"

namespace postern::decide {
namespace {

constexpr std::size_t kLongestDetail = 200;

bool spam_is_below_limit(const policy::Policy& policy, policy::MilliScore score) {
  const auto limit = policy.effective_spam_limit();
  return !limit || score < *limit;
}

// What is of any class at all is not clean: where clean mail is copied, every class says whether this
// one is.
bool clean_mail_is_kept(const policy::Policy& policy) {
  return policy.retention_props.store_clean_mail_in || policy.archive_props.store_clean_mail_in;
}

}  // namespace

ClassRule rule_of(const policy::Policy& policy, MailClass mail_class, policy::MilliScore score) {
  const auto& relay = policy.relay;
  const auto& keep = policy.quarantine_props;
  const auto& archive = policy.archive_props;
  switch (mail_class) {
    case MailClass::oversize:
      return {false, false, false, ""};
    case MailClass::virus:
      return {false, keep.store_virus, false, ""};  // a virus is never archived
    case MailClass::blacklisted:
      return {false, keep.store_blacklisted, archive.store_blacklisted, ""};
    case MailClass::bad_attachments:
      return {relay.relay_bad_attachments, keep.store_bad_attachments,
              archive.store_bad_attachments, ""};
    case MailClass::sender_verify:
      return {false, keep.store_sender_verify, archive.store_sender_verify, ""};
    case MailClass::spam:
      return {relay.relay_spam && spam_is_below_limit(policy, score), keep.store_spam,
              archive.store_spam, relay.prefix_spam};
    case MailClass::bad_encoding:  // has no flag of its own: the same family as bad headers
      return {relay.relay_bad_headers, keep.store_bad_encoding, archive.store_bad_encoding, ""};
    case MailClass::bad_headers:
      return {relay.relay_bad_headers, keep.store_bad_headers, archive.store_bad_headers, ""};
    case MailClass::advert:
      return {relay.relay_advert, keep.store_advert, archive.store_advert, relay.advert_prefix};
    case MailClass::clean:
      return {true, false, archive.store_clean_mail_in, ""};
  }
  return {};
}

mail::Reply rejection_of(MailClass mail_class, const std::string& detail) {
  const std::string shown = printable(detail, kLongestDetail);
  switch (mail_class) {
    case MailClass::oversize:
      return {552, "5.3.4", shown};
    case MailClass::virus:
      return {554, "5.7.1", "message contains a virus (" + shown + ")"};
    case MailClass::blacklisted:
      return {550, "5.7.1", "sender blocked by recipient policy"};
    case MailClass::bad_attachments:
      return {550, "5.7.1", "attachment not allowed: " + shown};
    case MailClass::sender_verify:
      return {550, "5.1.7", "sender address does not exist"};
    case MailClass::spam:
      return {550, "5.7.1", "message identified as spam"};
    case MailClass::bad_encoding:
      return {550, "5.6.0", "bad encoding: " + shown};
    case MailClass::bad_headers:
      return {550, "5.6.0", "bad headers: " + shown};
    case MailClass::advert:
      return {550, "5.7.1", "bulk mail not accepted"};
    case MailClass::clean:
      return {451, "4.3.0", "message not accepted"};  // a clean message is never rejected
  }
  return {};
}

bool class_matters(const policy::Policy& policy, MailClass mail_class) {
  const ClassRule rule = rule_of(policy, mail_class, 0);
  return !rule.relay || rule.store || rule.archive || !rule.prefix.empty() ||
         clean_mail_is_kept(policy);
}

bool spam_score_matters(const policy::Policy& policy) {
  const bool limited = policy.effective_spam_limit().has_value();
  const bool leaves_a_mark = policy.relay.add_header.has_value();
  // Spam is never advert: where advert is treated apart, the score says whether this one is.
  return limited || leaves_a_mark || class_matters(policy, MailClass::spam) ||
         class_matters(policy, MailClass::advert);
}

}  // namespace postern::decide
