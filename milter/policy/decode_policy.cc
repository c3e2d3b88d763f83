// What a policy says where it is silent follows what the admin API makes by itself: one set of
// values for a policy created with quarantine, another for one without.
#include "policy/decode_parts.h"

namespace postern::policy {
namespace {

constexpr std::int64_t kMebibyte = std::int64_t{1024} * 1024;
constexpr std::int64_t kMaxSizeLimit = std::int64_t{1024} * 1024;  // MiB: a tebibyte
constexpr std::int64_t kMaxDays = 36500;
constexpr std::int64_t kMaxMonths = 1200;
constexpr std::int64_t kDefaultSizeLimit = 21;  // MiB
constexpr MilliScore kDefaultSpamScore = 5000;
constexpr MilliScore kDefaultLimitWithQuarantine = 5000;
constexpr MilliScore kDefaultLimitWithout = 10000;

int duration(const ObjectReader& props, std::int64_t most, int fallback) {
  return static_cast<int>(props.whole_number("duration", 0, most).value_or(fallback));
}

// Null is an answer: nothing is kept. What is not there at all gets the values the API makes itself.
bool is_null(const ObjectReader& policy, std::string_view member) {
  return policy.present(member) && !policy.object(member);
}

RelayProps default_relay(bool quarantine) {
  RelayProps relay;
  relay.relay_spam = !quarantine;
  relay.relay_bad_headers = !quarantine;
  relay.relay_bad_attachments = !quarantine;
  relay.spam_score_limit = quarantine ? kDefaultLimitWithQuarantine : kDefaultLimitWithout;
  return relay;
}

RelayProps read_relay(const ObjectReader& policy, bool quarantine) {
  RelayProps relay = default_relay(quarantine);
  const auto props = policy.object("relayProps");
  if (!props) return relay;
  relay.relay_spam = props->flag("relaySpam", relay.relay_spam);
  relay.relay_advert = props->flag("relayAdvert", relay.relay_advert);
  relay.relay_bad_headers = props->flag("relayBadHeaders", relay.relay_bad_headers);
  relay.relay_bad_attachments = props->flag("relayBadAttachments", relay.relay_bad_attachments);
  relay.prefix_spam = props->text("prefixSpam", kMaxLabelSize).value_or("");
  relay.advert_prefix = props->text("advertPrefix", kMaxLabelSize).value_or("");
  // Null is an answer of its own here: no limit.
  if (props->present("spamScoreLimit")) relay.spam_score_limit = props->score("spamScoreLimit");
  return relay;
}

QuarantineProps read_quarantine(const ObjectReader& policy) {
  QuarantineProps kept{.duration_days = 31,
                       .store_spam = true,
                       .store_bad_headers = true,
                       .store_bad_encoding = true,
                       .store_bad_attachments = true};
  const auto props = policy.object("quarantineProps");
  if (!props) return is_null(policy, "quarantineProps") ? QuarantineProps{} : kept;
  kept.duration_days = duration(*props, kMaxDays, kept.duration_days);
  kept.store_spam = props->flag("storeSpam", kept.store_spam);
  kept.store_virus = props->flag("storeVirus", kept.store_virus);
  kept.store_advert = props->flag("storeAdvert", kept.store_advert);
  kept.store_blacklisted = props->flag("storeBlacklisted", kept.store_blacklisted);
  kept.store_sender_verify = props->flag("storeSenderVerify", kept.store_sender_verify);
  kept.store_bad_headers = props->flag("storeBadHeaders", kept.store_bad_headers);
  kept.store_bad_encoding = props->flag("storeBadEncoding", kept.store_bad_encoding);
  kept.store_bad_attachments = props->flag("storeBadAttachments", kept.store_bad_attachments);
  return kept;
}

RetentionProps read_retention(const ObjectReader& policy) {
  RetentionProps kept{.duration_days = 5, .store_mail_out = true, .store_clean_mail_in = true};
  const auto props = policy.object("retentionProps");
  if (!props) return is_null(policy, "retentionProps") ? RetentionProps{} : kept;
  kept.duration_days = duration(*props, kMaxDays, kept.duration_days);
  kept.store_mail_out = props->flag("storeMailOut", kept.store_mail_out);
  kept.store_clean_mail_in = props->flag("storeCleanMailIn", kept.store_clean_mail_in);
  return kept;
}

ArchiveProps read_archive(const ObjectReader& policy) {
  ArchiveProps kept{.duration_months = 48,
                    .store_mail_out = true,
                    .store_clean_mail_in = true,
                    .store_spam = true,
                    .store_bad_headers = true,
                    .store_bad_encoding = true,
                    .store_bad_attachments = true};
  const auto props = policy.object("archiveProps");
  if (!props) return is_null(policy, "archiveProps") ? ArchiveProps{} : kept;
  kept.duration_months = duration(*props, kMaxMonths, kept.duration_months);
  kept.archive_by_copy = props->flag("archiveByCopy", kept.archive_by_copy);
  kept.store_mail_out = props->flag("storeMailOut", kept.store_mail_out);
  kept.store_clean_mail_in = props->flag("storeCleanMailIn", kept.store_clean_mail_in);
  kept.store_spam = props->flag("storeSpam", kept.store_spam);
  kept.store_bad_headers = props->flag("storeBadHeaders", kept.store_bad_headers);
  kept.store_bad_encoding = props->flag("storeBadEncoding", kept.store_bad_encoding);
  kept.store_bad_attachments = props->flag("storeBadAttachments", kept.store_bad_attachments);
  kept.store_advert = props->flag("storeAdvert", kept.store_advert);
  kept.store_blacklisted = props->flag("storeBlacklisted", kept.store_blacklisted);
  kept.store_sender_verify = props->flag("storeSenderVerify", kept.store_sender_verify);
  return kept;
}

std::optional<std::uint64_t> read_size_limit(const ObjectReader& policy) {
  const auto limit = policy.whole_number("mailSizeLimit", 1, kMaxSizeLimit);
  // Null is an answer of its own here too: no limit of this policy.
  if (!limit && policy.present("mailSizeLimit")) return std::nullopt;
  return static_cast<std::uint64_t>(limit.value_or(kDefaultSizeLimit) * kMebibyte);
}

}  // namespace

Policy read_policy(const ObjectReader& object) {
  Policy policy;
  policy.id = object.id("id").value_or("");
  policy.name = object.text("name", kMaxLabelSize).value_or("");
  policy.domain_id = object.id("domainId").value_or("");
  policy.incoming = object.flag("incoming", true);
  policy.outgoing = object.flag("outgoing", false);
  policy.quarantine = object.flag("quarantine", false);
  policy.retention = object.flag("retention", false);
  policy.archive = object.flag("archive", false);
  if (object.value("missingKey") != nullptr) {
    policy.missing_key = object.choice("missingKey", kMissingKeys, MissingKey::accept);
  }
  policy.mail_size_limit = read_size_limit(object);
  policy.spam_score = object.score("spamScore").value_or(kDefaultSpamScore);
  policy.relay = read_relay(object, policy.quarantine);
  // Read even where the switch is off, so that a wrong member is told before somebody turns it on.
  const QuarantineProps quarantine = read_quarantine(object);
  const RetentionProps retention = read_retention(object);
  const ArchiveProps archive = read_archive(object);
  if (policy.quarantine) policy.quarantine_props = quarantine;
  if (policy.retention) policy.retention_props = retention;
  if (policy.archive) policy.archive_props = archive;
  return policy;
}

std::shared_ptr<const Policy> read_nested_policy(const ObjectReader& owner) {
  const auto nested = owner.object("policy");
  return nested ? std::make_shared<const Policy>(read_policy(*nested)) : nullptr;
}

std::optional<Id> read_id_unless(bool nested, const ObjectReader& owner, std::string_view member) {
  auto id = owner.id(member);
  if (nested) return std::nullopt;
  return id;
}

}  // namespace postern::policy
