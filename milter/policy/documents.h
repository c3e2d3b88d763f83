// Purpose:   the documents that decide about mail, as the admin APIs write them, decoded.
// Ownership: values; a Snapshot holds them behind shared pointers to const.
// Threading: immutable once decoded.
// Units:     scores in thousandths, sizes in octets, durations in days (archive: months), times
// UTC. Source:    the Cleanmail admin API's models Policy, Domain, User, PlatformDTO, DkimDTO;
// docs/fields.md
//            lists every member and what it does.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/secret.h"

namespace postern::policy {

// Opaque, case-sensitive, unique only among documents of one type ("ByE3n" is at once a domain, a
// policy and a platform). The model says integer, the examples are strings: both are read.
using Id = std::string;

// 7.2 is written as a float32 and not exact: scores are compared as llround(score * 1000).
using MilliScore = std::int64_t;

struct HeaderField {
  std::string name;
  std::string value;
  friend bool operator==(const HeaderField&, const HeaderField&) = default;
};

struct RelayProps {
  bool relay_spam = true;
  bool relay_advert = true;
  bool relay_bad_headers = true;
  bool relay_bad_attachments = true;
  std::string prefix_spam;  // null and "" both mean none
  std::string advert_prefix;
  std::optional<MilliScore> spam_score_limit;  // nothing: no upper limit
  std::optional<HeaderField> add_header =
      std::nullopt;  // on spam that is delivered; OpenSRS's spamheader
  friend bool operator==(const RelayProps&, const RelayProps&) = default;
};

struct QuarantineProps {
  int duration_days = 0;
  bool store_spam = false;
  bool store_virus = false;
  bool store_advert = false;
  bool store_blacklisted = false;
  bool store_sender_verify = false;
  bool store_bad_headers = false;
  bool store_bad_encoding = false;
  bool store_bad_attachments = false;
  friend bool operator==(const QuarantineProps&, const QuarantineProps&) = default;
};

struct RetentionProps {
  int duration_days = 0;
  bool store_mail_out = false;
  bool store_clean_mail_in = false;
  friend bool operator==(const RetentionProps&, const RetentionProps&) = default;
};

struct ArchiveProps {
  int duration_months = 0;
  bool archive_by_copy = false;
  bool store_mail_out = false;
  bool store_clean_mail_in = false;
  bool store_spam = false;
  bool store_bad_headers = false;
  bool store_bad_encoding = false;
  bool store_bad_attachments = false;
  bool store_advert = false;
  bool store_blacklisted = false;
  bool store_sender_verify = false;
  friend bool operator==(const ArchiveProps&, const ArchiveProps&) = default;
};

// What is done with outgoing mail that no active key can sign.
enum class MissingKey { accept, defer };

// The switches (quarantine, retention, archive) are applied while decoding: a false switch leaves
// the props all false, whatever the nested object says. So nobody downstream can forget them.
struct Policy {
  Id id;
  std::string name;
  Id domain_id;
  bool incoming = true;
  bool outgoing = false;
  bool quarantine = false;
  bool retention = false;
  bool archive = false;
  std::optional<std::uint64_t> mail_size_limit;  // octets; the document's MB are MiB
  MilliScore spam_score = 5000;
  RelayProps relay;
  QuarantineProps quarantine_props;
  RetentionProps retention_props;
  ArchiveProps archive_props;
  std::optional<MissingKey> missing_key = std::nullopt;  // nothing: as signing.missing_key says

  // Spam is delivered below this score only: spamScoreLimit, but never below spamScore.
  std::optional<MilliScore> effective_spam_limit() const {
    if (!relay.spam_score_limit) return std::nullopt;
    return std::max(spam_score, *relay.spam_score_limit);
  }
  // Whether two policies do the same to a message: everything but their names.
  bool same_rules(const Policy& other) const;
  friend bool operator==(const Policy&, const Policy&) = default;
};

enum class TransportType { smtp, smtps_may, smtps_encrypt };

struct Hop {
  std::string host;  // address or host name, no MX look-up
  std::uint16_t port = 25;
  TransportType type = TransportType::smtp;
  friend bool operator==(const Hop&, const Hop&) = default;
};

struct Platform {
  Id id;
  std::string name;
  Hop primary;
  std::optional<Hop> fallback;
  bool is_default = false;
  friend bool operator==(const Platform&, const Platform&) = default;
};

enum class DomainStatus { enabled, disabled, pending, deleted };
enum class UserStatus { enabled, disabled, pending };
enum class ListPriority { domain, user };
enum class Enforcement { enforce, observe };

struct OutgoingProvider {
  Id id;
  std::string name;
  std::string spf_provider;
  bool active = false;
};

struct OpensrsDomain;

// As it is in force: where an opensrs document governs the domain too, that one is laid over it.
struct Domain {
  Id id;
  std::string name;  // A-label; equals the document's key
  DomainStatus status = DomainStatus::enabled;
  ListPriority list_priority = ListPriority::user;
  Enforcement enforcement = Enforcement::enforce;
  bool auto_provisioning = false;
  bool sender_verify = true;
  bool recipients_known = false;
  std::string default_language;
  // Exactly one of the two, or neither: a nested object wins over an id.
  std::shared_ptr<const Policy> policy;
  std::optional<Id> policy_id;
  // Where `policy` came from when it was not this document alone: "opensrs:got.com", "domain:got.com
  // under opensrs:got.com".
  std::string policy_source;
  std::vector<std::string> aliases;  // A-labels
  std::vector<std::shared_ptr<const Platform>> platforms;
  std::optional<Id> platform_id;
  std::vector<IpNetwork> outgoing_subnets;  // what may be used; see subnet_faults
  std::vector<std::string>
      subnet_faults;  // "10.0.0.0/8: shorter than /16": left out, shown by status
  std::vector<OutgoingProvider> outgoing_providers;
  std::optional<std::chrono::system_clock::time_point> deletion_date;
  std::optional<std::chrono::system_clock::time_point> purge_date;
  std::shared_ptr<const OpensrsDomain> opensrs;  // nullptr: no opensrs document governs it
};

struct User {
  Id id;
  std::string email;  // Address::key() form; equals the document's key
  UserStatus status = UserStatus::enabled;
  DomainStatus domain_status = DomainStatus::enabled;
  bool sender_verify = true;
  std::shared_ptr<const Policy> policy;
  std::optional<Id> policy_id;
  std::shared_ptr<const Platform> platform;
  std::optional<Id> platform_id;
};

enum class DkimAlgorithm { rsa, ed25519 };
enum class DkimState { active, published, retiring };

struct DkimKey {
  std::string selector;
  DkimAlgorithm algorithm = DkimAlgorithm::rsa;
  DkimState state = DkimState::active;
  Secret private_key_pem;  // PKCS#8 PEM, whatever form the document had
  std::string
      public_key;  // what stands behind p= in DNS: base64 SPKI (RSA) or base64 raw key (Ed25519)
  unsigned bits = 0;
};

struct DkimKeys {
  std::string domain;
  std::vector<DkimKey> keys;
};

enum class IdentityStatus { success, pending, not_started, failed, temporary_failure };

// A sender that a verification service was asked about.
struct Identity {
  std::string name;  // A-label or Address::key(); the document's key
  IdentityStatus status = IdentityStatus::pending;
  std::string token;  // what the domain shall publish in DNS; empty: an address, or none given
};

enum class MailFromStatus { success, pending, not_started, failed, temporary_failure };
// While the status is anything but success.
enum class OnMxFailure { use_default, reject };

// Under which domain a customer's mail leaves, so that its bounces come back to us.
struct MailFrom {
  std::string name;     // A-label or Address::key(); the document's key
  std::string domain;   // A-label, below the identity's own; empty: none is asked for
  std::string mx_host;  // A-label: who takes the bounces; empty: not said
  std::string
      spf_include;  // lower case: what the domain's SPF record shall include; empty: not said
  MailFromStatus status = MailFromStatus::pending;
  OnMxFailure on_mx_failure = OnMxFailure::use_default;
};

}  // namespace postern::policy
