#include "daemon/adapters.h"

#include <utility>

#include "adapters/directory/directory_source.h"
#include "adapters/dkim/signer.h"
#include "adapters/header_scanner/header_scanner.h"
#include "adapters/opendkim/self_check.h"
#include "adapters/policy_cache/sqlite_cache.h"
#include "adapters/redis/redis_source.h"
#include "adapters/rspamd/rspamd_scanner.h"
#include "adapters/smtp/lmtp.h"
#include "adapters/smtp/submitter.h"
#include "adapters/spamd/spamd_scanner.h"
#include "adapters/vault/vault.h"
#include "base/text.h"
#include "daemon/host_name.h"
#include "mail/domain_name.h"
#include "settings/endpoints.h"

namespace postern::daemon {
namespace {

// How long a copy may wait for the submit listener before its token is worth nothing.
constexpr Milliseconds kTokenLifetime = std::chrono::hours(1);

dkim::Canonicalization canonicalization(settings::Canonicalization setting) {
  switch (setting) {
    case settings::Canonicalization::relaxed:
      return dkim::Canonicalization::relaxed;
    case settings::Canonicalization::simple:
      return dkim::Canonicalization::simple;
  }
  return dkim::Canonicalization::relaxed;
}

session::MixedRejection mixed_rejection(settings::MixedRejection setting) {
  switch (setting) {
    case settings::MixedRejection::store:
      return session::MixedRejection::store;
    case settings::MixedRejection::discard:
      return session::MixedRejection::discard;
    case settings::MixedRejection::defer:
      return session::MixedRejection::defer;
  }
  return session::MixedRejection::store;
}

Result<std::shared_ptr<ports::Scanner>> make_scanner(const settings::Scanner& scanner,
                                                     const Clock& clock) {
  using Made = Result<std::shared_ptr<ports::Scanner>>;
  return std::visit(
      Overloaded{[&clock](const settings::SpamdScanner& spamd) -> Made {
                   const auto endpoint = net::Endpoint::parse(spamd.address);
                   if (!endpoint)
                     return permanent_error("spam.scanners: bad address " + spamd.address);
                   return {std::make_shared<spamd::SpamdScanner>(
                       spamd::SpamdConfig{*endpoint, "", spamd.timeout, spamd.scale}, clock)};
                 },
                 [](const settings::RspamdScanner& rspamd) -> Made {
                   return {std::make_shared<rspamd::RspamdScanner>(
                       rspamd::RspamdConfig{rspamd.url, rspamd.timeout, rspamd.scale})};
                 },
                 [](const settings::HeaderScanner& header) -> Made {
                   return {std::make_shared<scan::HeaderScanner>(
                       scan::HeaderScannerConfig{header.score, header.advert, header.virus,
                                                 header.trust, header.scale, header.required})};
                 }},
      scanner);
}

}  // namespace

Result<ScannerList> make_scanners(const settings::Settings& settings, const Clock& clock) {
  ScannerList scanners;
  for (const settings::Scanner& scanner : settings.spam.scanners) {
    auto made = make_scanner(scanner, clock);
    if (!made) return made.error();
    scanners.push_back(std::move(*made));
  }
  return scanners;
}

Result<std::unique_ptr<ports::PolicySource>> make_source(const settings::Settings& settings) {
  const settings::Policy& policy = settings.policy;
  switch (policy.source) {
    case settings::PolicySource::directory: {
      directory::DirectoryOptions options;
      options.path = policy.directory;
      return {std::make_unique<directory::DirectorySource>(options)};
    }
    case settings::PolicySource::redis: {
      auto address = redis::ServerAddress::parse(policy.redis.url);
      if (!address) return permanent_error("policy.redis.url: " + address.error().what);
      redis::RedisOptions options;
      options.address = *address;
      options.prefix = policy.redis.prefix;
      options.login = {policy.redis.username, policy.redis.password_file.secret};
      options.full_sync_every = policy.full_sync_every;
      return {std::make_unique<redis::RedisSource>(options)};
    }
  }
  return permanent_error("policy.source: unknown");
}

std::unique_ptr<ports::PolicyCache> make_cache(const settings::Settings& settings) {
  return std::make_unique<policy_cache::SqliteCache>(settings.policy.cache);
}

std::unique_ptr<ports::Signer> make_signer(const settings::Settings& settings, const Clock& clock) {
  dkim::SignerOptions options;
  options.header_canonicalization = canonicalization(settings.signing.header_canonicalization);
  options.body_canonicalization = canonicalization(settings.signing.body_canonicalization);
  options.oversign = settings.signing.oversign;
  if (!settings.signing.headers.empty()) options.sign_headers = settings.signing.headers;
  return opendkim::with_self_check(std::make_unique<dkim::Signer>(options, clock),
                                   settings.signing.verify_sample, clock);
}

Result<std::unique_ptr<vault::Store>> make_vault(const settings::Settings& settings,
                                                 const Clock& clock) {
  return vault::open(vault::VaultOptions{settings.vault.path, settings.vault.durable,
                                         settings.vault.max_size, settings.vault.min_free, clock});
}

Result<std::unique_ptr<ports::Submitter>> make_submitter(const settings::Settings& settings,
                                                         const Clock& clock) {
  if (settings.keys.token_file.keys.empty()) return std::unique_ptr<ports::Submitter>();
  const auto endpoint = net::Endpoint::parse(settings.submit.address);
  if (!endpoint) return permanent_error("submit.address: bad address " + settings.submit.address);
  return smtp::make_submitter({*endpoint, host_name(), settings.keys.token_file.keys, clock,
                               settings.submit.timeout, kTokenLifetime});
}

Result<std::unique_ptr<ports::Submitter>> make_mailbox_submitter(
    const settings::Settings& settings) {
  if (settings.vault.deliver.empty()) return std::unique_ptr<ports::Submitter>();
  const auto endpoint = net::Endpoint::parse(settings::lmtp_endpoint(settings.vault.deliver));
  if (!endpoint) return permanent_error("vault.deliver: bad address " + settings.vault.deliver);
  return smtp::make_lmtp_submitter({*endpoint, host_name(), kMailboxTimeout});
}

namespace {

decide::TenantProofs tenant_proofs(const std::map<std::string, settings::Provider>& providers) {
  decide::TenantProofs proofs;
  for (const auto& [name, provider] : providers) {
    decide::TenantProof& proof = proofs[ascii_lower(name)];
    proof.header = provider.header;
    for (const auto& [domain, value] : provider.values) {
      if (auto label = mail::to_a_label(domain))
        proof.values.emplace(std::move(*label), trim(value));
    }
  }
  return proofs;
}

}  // namespace

session::Rules make_rules(const settings::Settings& settings) {
  session::Rules rules;
  rules.decide.spam_on_failure = settings.spam.on_failure == settings::OnFailure::defer
                                     ? decide::OnFailure::defer
                                     : decide::OnFailure::accept;
  rules.decide.virus_on_failure =
      settings.virus && settings.virus->on_failure == settings::OnFailure::accept
          ? decide::OnFailure::accept
          : decide::OnFailure::defer;
  rules.decide.advert_marks = settings.advert.marks;
  rules.decide.dmarc_is_enforced = settings.dmarc == settings::Dmarc::enforce;
  rules.missing_key = settings.signing.missing_key == settings::MissingKey::defer
                          ? session::MissingKey::defer
                          : session::MissingKey::accept;
  rules.mixed_rejection = mixed_rejection(settings.mixed_rejection);
  rules.recipient_delimiters = settings.recipient_delimiter;
  rules.identity.covers_subdomains = settings.outgoing.identity_subdomains;
  rules.tenant_proofs = tenant_proofs(settings.outgoing.providers);
  rules.sending_caps = {settings.outgoing.sent_limit, settings.outgoing.recipients_limit};
  rules.id_headers = settings.id_headers;
  rules.submit_daemon_name = settings.submit.daemon_name;
  rules.delivers_into_mailboxes = !settings.vault.deliver.empty();
  for (const std::string& host : settings.bounce.mx_hosts) {
    if (auto name = mail::to_a_label(host)) rules.bounce_hosts.push_back(std::move(*name));
  }
  rules.srs_domain = mail::to_a_label(settings.srs.domain).value_or("");
  rules.authserv_id = settings.authserv_id;
  rules.authenticates_always =
      settings.authentication_results == settings::AuthenticationResults::always;
  rules.trusted_relays = settings.trusted_relays;
  rules.webmail_clients = settings.outgoing.webmail_clients;
  // A verdict takes many questions; RFC 7208 4.6.4 asks for no less than 20 seconds.
  rules.authentication_timeout = settings.dns.timeout * 4;
  return rules;
}

}  // namespace postern::daemon
