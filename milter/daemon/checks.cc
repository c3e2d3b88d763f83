#include "daemon/checks.h"

#include <utility>

#include "adapters/clamd/clamd_scanner.h"
#include "adapters/dns/caching_resolver.h"
#include "adapters/dns/cares_resolver.h"
#include "adapters/events/log_sink.h"
#include "adapters/opendkim/verifier.h"
#include "adapters/redis/event_publisher.h"
#include "adapters/redis/sent_counter.h"
#include "adapters/sender_verify/callout_verifier.h"
#include "adapters/sender_verify/dns_verifier.h"
#include "adapters/smtp/recipient_probe.h"
#include "adapters/spf/checker.h"
#include "adapters/spf/provider_networks.h"
#include "adapters/spf2/checker.h"
#include "daemon/host_name.h"
#include "dns_watch/watcher.h"
#include "provision/provisioner.h"

namespace postern::daemon {
namespace {

dns::Options dns_options(const settings::Dns& settings) {
  dns::Options options;
  for (const settings::DnsServer& server : settings.servers) {
    options.servers.push_back({server.address, server.port});
  }
  // Two more tries within the time that is given to one question.
  options.try_timeout = settings.timeout / options.tries;
  return options;
}

std::unique_ptr<ports::SpfChecker> make_spf(settings::SpfEngine engine, ports::Resolver& resolver) {
  switch (engine) {
    case settings::SpfEngine::builtin:
      return std::make_unique<spf::Checker>(resolver);
    case settings::SpfEngine::libspf2:
      return std::make_unique<spf2::Checker>(resolver);
  }
  return nullptr;
}

}  // namespace

struct Checks::Parts {
  Parts(const settings::Settings& settings, const Clock& the_clock)
      : clock(the_clock),
        dns(dns_options(settings.dns)),
        resolver(dns, the_clock),
        spf(make_spf(settings.spf.engine, resolver)),
        providers(*spf, the_clock, {.host_name = host_name()}),
        dkim(resolver, the_clock),
        probe(host_name()) {}

  const Clock& clock;
  dns::CaresResolver dns;
  dns::CachingResolver resolver;
  std::unique_ptr<ports::SpfChecker> spf;
  spf::CachedProviderNetworks providers;
  opendkim::Verifier dkim;
  std::unique_ptr<ports::SenderVerifier> sender_verifier;
  sender_verify::CalloutSenderVerifier* callout = nullptr;  // the same one, where it is that
  std::unique_ptr<ports::VirusScanner> virus_scanner;
  smtp::SmtpRecipientProbe probe;
  std::unique_ptr<ports::EventSink> events;
  redis::EventPublisher* publisher = nullptr;  // the same one, where it is that
  std::unique_ptr<provision::Provisioner> provisioner;
  std::unique_ptr<redis::SentCounter> sent;
  dns_watch::WatcherOptions watching;
  std::unique_ptr<dns_watch::Watcher> watcher;  // nullptr: of a program that is soon over
};

Checks::Checks(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Checks::~Checks() { stop(); }

Result<std::unique_ptr<Checks>> Checks::make(const settings::Settings& settings,
                                             const Clock& clock) {
  auto parts = std::make_unique<Parts>(settings, clock);
  switch (settings.sender_verify) {
    case settings::SenderVerify::off:
      break;
    case settings::SenderVerify::dns:
      parts->sender_verifier = std::make_unique<sender_verify::DnsSenderVerifier>(parts->resolver);
      break;
    case settings::SenderVerify::callout: {
      sender_verify::CalloutOptions options;
      options.rules.helo_name = host_name();
      auto callout =
          std::make_unique<sender_verify::CalloutSenderVerifier>(options, parts->resolver, clock);
      parts->callout = callout.get();
      parts->sender_verifier = std::move(callout);
      break;
    }
  }
  if (settings.virus) {
    const auto endpoint = net::Endpoint::parse(settings.virus->address);
    if (!endpoint) {
      return permanent_error("virus.address: bad address " + settings.virus->address);
    }
    parts->virus_scanner = std::make_unique<clamd::ClamdScanner>(
        clamd::ClamdConfig{*endpoint, settings.virus->timeout});
  }
  redis::SentCounterOptions counting;
  counting.timeout = settings.outgoing.limit_timeout;
  counting.offline_share = settings.outgoing.offline_share;
  if (settings.policy.source == settings::PolicySource::redis) {
    auto address = redis::ServerAddress::parse(settings.policy.redis.url);
    if (!address) return permanent_error("policy.redis.url: " + address.error().what);
    redis::EventPublisherOptions options;
    options.address = *address;
    options.prefix = settings.policy.redis.prefix;
    options.login = {settings.policy.redis.username, settings.policy.redis.password_file.secret};
    auto publisher = std::make_unique<redis::EventPublisher>(options, clock);
    parts->publisher = publisher.get();
    parts->events = std::move(publisher);
    counting.address = options.address;
    counting.prefix = options.prefix;
    counting.login = options.login;
  } else {
    parts->events = std::make_unique<events::LogEventSink>();
  }
  parts->sent = std::make_unique<redis::SentCounter>(counting, clock, *parts->events);
  parts->provisioner =
      std::make_unique<provision::Provisioner>(parts->probe, *parts->events, clock);
  parts->watching.questions_per_minute = settings.dns.checks_per_minute;
  parts->watching.look_every = settings.dns.check_every;
  parts->watching.patience = settings.dns.timeout;
  return std::unique_ptr<Checks>(new Checks(std::move(parts)));
}

void Checks::watch(const Published<policy::Snapshot>& snapshot) {
  // Not the resolver that remembers: what mail has asked an hour ago is not a look.
  parts_->watcher = std::make_unique<dns_watch::Watcher>(
      dns_watch::Watcher::Parts{snapshot, parts_->dns, *parts_->spf, *parts_->events,
                                parts_->clock},
      parts_->watching);
}

void Checks::lend(session::Services& services) {
  services.resolver = &parts_->resolver;
  services.spf = parts_->spf.get();
  services.provider_networks = &parts_->providers;
  services.dkim_verifier = &parts_->dkim;
  services.sender_verifier = parts_->sender_verifier.get();
  services.virus_scanner = parts_->virus_scanner.get();
  services.sending_limits = parts_->sent.get();
  services.provisioning = parts_->provisioner.get();
}

void Checks::start() {
  if (parts_->publisher != nullptr) parts_->publisher->start();
  parts_->provisioner->start();
  parts_->sent->start();
  if (parts_->watcher != nullptr) parts_->watcher->start();
}

void Checks::stop() {
  if (parts_->watcher != nullptr) parts_->watcher->stop();
  if (parts_->callout != nullptr) parts_->callout->stop();
  parts_->probe.stop();
  parts_->provisioner->stop();
  parts_->sent->stop();
  if (parts_->publisher != nullptr) parts_->publisher->stop();
}

}  // namespace postern::daemon
