#include "daemon/daemon.h"

#include <csignal>
#include <cstdlib>
#include <utility>

#include "base/log.h"
#include "base/metrics.h"
#include "daemon/service_manager.h"
#include "settings/load.h"
#include "settings/table.h"

namespace postern::daemon {
namespace {

constexpr Milliseconds kBeat{1000};
constexpr Milliseconds kDrainPoll{20};

server::ListenAddress listen_address(const std::string& text) {
  // The settings room has checked the text already.
  auto address = server::ListenAddress::parse(text);
  return address ? *address : server::ListenAddress{};
}

// Postfix's processes run as this group; where there is none (a test), the daemon's own must do.
server::SocketAccess postfix_may_connect() { return {0660, "postfix"}; }

void configure_log(const settings::Settings& settings) {
  log::configure(settings.log.level, settings.log.format);
}

}  // namespace

Daemon::Daemon(std::string settings_path, settings::Settings settings)
    : settings_path_(std::move(settings_path)),
      settings_(std::move(settings)),
      reloaded_(settings_) {}

Result<std::unique_ptr<Daemon>> Daemon::make(std::string settings_path,
                                             settings::Settings settings) {
  configure_log(settings);
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(settings_path), std::move(settings)));
  if (Status opened = daemon->open_outside(); !opened) return opened.error();
  if (Status started = daemon->start_servers(); !started) return started.error();
  return daemon;
}

// Servers go first: what they call must not be gone while they run.
Daemon::~Daemon() {
  if (milter_ && !milter_->stop()) {
    // A transaction is still inside, and what it uses must not go away under it: end at once instead.
    log::error("a transaction did not end in time; the MTA will answer its client with a 451");
    std::_Exit(1);
  }
  if (milter_thread_.joinable()) milter_thread_.join();
  control_server_.reset();
  http_.reset();
  secrets_.reset();
  tables_.reset();
  if (caretaker_) caretaker_->stop();
  if (courier_) courier_->stop();
  if (mailbox_courier_) mailbox_courier_->stop();
  if (checks_) checks_->stop();
  if (keeper_) keeper_->stop();
}

Status Daemon::open_outside() {
  auto source = make_source(settings_);
  if (!source) return source.error();
  source_ = std::move(*source);
  cache_ = make_cache(settings_);
  signer_ = make_signer(settings_, clock_);
  auto scanners = make_scanners(settings_, clock_);
  if (!scanners) return scanners.error();
  auto checks = Checks::make(settings_, clock_);
  if (!checks) return checks.error();
  checks_ = std::move(*checks);
  checks_->watch(snapshot_);
  auto submitter = make_submitter(settings_, clock_);
  if (!submitter) return submitter.error();
  submitter_ = std::move(*submitter);
  auto vault = make_vault(settings_, clock_);
  if (!vault) return permanent_error("vault.path: " + vault.error().what);
  vault_ = std::move(*vault);

  if (submitter_ != nullptr) {
    outbox::CourierOptions courier;
    courier.timeout = settings_.submit.timeout;
    courier_ = std::make_unique<outbox::Courier>(*vault_, *submitter_, clock_, courier);
  }

  auto mailbox_submitter = make_mailbox_submitter(settings_);
  if (!mailbox_submitter) return mailbox_submitter.error();
  mailbox_submitter_ = std::move(*mailbox_submitter);
  if (mailbox_submitter_ != nullptr) {
    outbox::CourierOptions courier;
    courier.server = "the mailboxes' server";
    courier.metrics = "postern_mailbox_copies";
    courier.on_refusal = outbox::OnRefusal::give_up;
    courier.timeout = kMailboxTimeout;
    mailbox_courier_ = std::make_unique<outbox::Courier>(vault_->mailboxes(), *mailbox_submitter_,
                                                         clock_, courier);
  }
  expirer_ = std::make_unique<upkeep::Expirer>(upkeep::Expirer::Parts{
      *vault_, snapshot_, clock_, [this] { return services_.rules.get()->recipient_delimiters; }});
  caretaker_ = std::make_unique<upkeep::Caretaker>(*vault_, *expirer_, clock_);

  services_.scanners = std::move(*scanners);
  checks_->lend(services_);
  services_.signer = signer_.get();
  services_.vault = vault_.get();
  services_.token_keys = settings_.keys.token_file.keys;
  services_.rules.set(std::make_shared<const session::Rules>(make_rules(settings_)));

  keeper::KeeperOptions options;
  options.shrink_guard = settings_.policy.shrink_guard;
  options.decode.shortest_subnet = settings_.outgoing.shortest_subnet;
  options.decode.seal_keys = settings_.keys.seal_file.keys;
  options.decode.allow_plain_auth = settings_.outgoing.allow_plain_auth;
  keeper_ = std::make_unique<keeper::Keeper>(*source_, cache_.get(), snapshot_, clock_, options);
  control_ =
      std::make_unique<Control>(Control::Parts{clock_,
                                               snapshot_,
                                               *keeper_,
                                               services_,
                                               vault_.get(),
                                               vault_.get(),
                                               mailbox_courier_ ? &vault_->mailboxes() : nullptr,
                                               vault_.get(),
                                               expirer_.get(),
                                               submitter_.get(),
                                               options.decode,
                                               clock_.wall(),
                                               {settings_.listen.tables, settings_.listen.secrets},
                                               [this] { return caretaker_->alarm(); },
                                               [this] { return not_ready(); }});
  return success();
}

Status Daemon::start_servers() {
  // The cached policy is in force before anybody can ask.
  keeper_->start();
  checks_->start();
  if (courier_) courier_->start();
  if (mailbox_courier_) mailbox_courier_->start();
  caretaker_->start();

  auto tables = serve_tables(settings_.listen.tables, false);
  if (!tables) return permanent_error("listen.tables: " + tables.error().what);
  tables_ = std::move(*tables);
  auto secrets = serve_tables(settings_.listen.secrets, true);
  if (!secrets) return permanent_error("listen.secrets: " + secrets.error().what);
  secrets_ = std::move(*secrets);

  if (settings_.listen.http) {
    server::HttpOptions options;
    options.listen = listen_address(*settings_.listen.http);
    auto http = server::HttpServer::start(
        options, [this] { return not_ready(); }, [this] { return caretaker_->alarm(); });
    if (!http) return permanent_error("listen.http: " + http.error().what);
    http_ = std::move(*http);
  }
  server::ControlOptions control;
  control.path = settings_.listen.control;
  auto control_server = server::ControlServer::start(
      control, [this](std::string_view request) { return control_->handle(request); });
  if (!control_server) return permanent_error("listen.control: " + control_server.error().what);
  control_server_ = std::move(*control_server);

  server::MilterOptions milter;
  milter.listen = listen_address(settings_.listen.milter);
  milter.access = postfix_may_connect();
  milter_ = std::make_unique<server::MilterServer>(milter, services_);
  if (Status opened = milter_->open(); !opened) {
    return permanent_error("listen.milter: " + opened.error().what);
  }
  return server::libmilter_leaves_signals_alone();
}

Result<std::unique_ptr<server::SocketmapServer>> Daemon::serve_tables(const std::string& listen,
                                                                      bool secrets_only) {
  server::SocketmapOptions options;
  options.listen = listen_address(listen);
  options.access = postfix_may_connect();
  for (const route::Table table : route::kAllTables) {
    if ((table == route::Table::sasl_passwd) == secrets_only) options.tables.push_back(table);
  }
  return server::SocketmapServer::start(
      options, [this](route::Table table, std::string_view key) { return look_up(table, key); });
}

route::RouteAnswer Daemon::look_up(route::Table table, std::string_view key) const {
  const policy::SnapshotPtr snapshot = snapshot_.get();
  if (!snapshot) return route::Temporary{"no policy is loaded yet"};
  const auto rules = services_.rules.get();
  const auto is_provider_client = [&](const IpAddress& client) {
    return session::is_known_provider_client(services_, *rules, *snapshot, client);
  };
  return route::answer(*snapshot, table, key,
                       {rules->recipient_delimiters, session::return_options(services_, *rules),
                        is_provider_client});
}

std::vector<std::string> Daemon::not_ready() const {
  std::vector<std::string> reasons;
  const policy::SnapshotPtr snapshot = snapshot_.get();
  if (!snapshot || !snapshot->usable()) reasons.emplace_back("no policy is in force");
  if (services_.draining) reasons.emplace_back("shutting down");
  if (milter_ended_) reasons.emplace_back("the milter has stopped");
  if (const Status can_store = vault_->can_store(); !can_store) {
    reasons.push_back(can_store.error().what);
  }
  return reasons;
}

int Daemon::run(server::DaemonSignals& signals) {
  milter_thread_ = std::thread([this] {
    if (const Status ended = milter_->run(); !ended) log::error("milter: " + ended.error().what);
    milter_ended_ = true;
  });
  log::info("postern is ready", {{"milter", milter_->address().to_string()},
                                 {"tables", tables_->address().to_string()},
                                 {"policy", source_->describe()}});
  tell_service_manager("READY=1");
  while (!milter_ended_) {
    beat();
    const auto signal = signals.next(watchdog_interval().value_or(kBeat));
    if (!signal) continue;
    if (*signal == SIGHUP) {
      reload();
      continue;
    }
    drain();
    return 0;
  }
  return 1;
}

void Daemon::beat() {
  tell_service_manager("WATCHDOG=1");
  metrics::set("postern_open_transactions",
               static_cast<double>(services_.open_transactions.load()));
}

// What has been taken over since the last look; what waits for a restart, every time until there is one.
void Daemon::report_changes(const settings::Settings& loaded) const {
  const auto report = [](const settings::Change& change, const char* what) {
    log::info(what, {{"key", change.key}, {"before", change.before}, {"after", change.after}});
  };
  for (const settings::Change& change : settings::changes(reloaded_, loaded)) {
    if (change.reload == settings::Reload::live) report(change, "setting changed");
  }
  for (const settings::Change& change : settings::changes(settings_, loaded)) {
    if (change.reload == settings::Reload::restart) {
      report(change, "setting needs a restart to change");
    }
  }
}

// The settings of the start, but for those that a SIGHUP may change: the rules are made of both.
settings::Settings Daemon::with_live_ones_of(settings::Settings loaded) const {
  loaded.virus = settings_.virus;
  loaded.dns = settings_.dns;
  loaded.submit.daemon_name = settings_.submit.daemon_name;
  loaded.vault = settings_.vault;
  return loaded;
}

// Takes over what can be taken over, says what cannot, and reads the policies again.
void Daemon::reload() {
  tell_service_manager("RELOADING=1");
  auto outcome = settings::load_file(settings_path_);
  if (const auto* const faults = std::get_if<std::vector<settings::Fault>>(&outcome)) {
    for (const settings::Fault& fault : *faults) log::error(fault.to_string());
    log::error("the configuration is not taken over; the one before stays in force");
  } else {
    auto& loaded = std::get<settings::Settings>(outcome);
    report_changes(loaded);
    configure_log(loaded);
    services_.rules.set(
        std::make_shared<const session::Rules>(make_rules(with_live_ones_of(loaded))));
    reloaded_ = std::move(loaded);
  }
  keeper_->reload();
  tell_service_manager("READY=1");
}

// Open transactions end; new ones are told to come again.
void Daemon::drain() {
  tell_service_manager("STOPPING=1");
  services_.draining = true;
  const Deadline deadline = Deadline::after(reloaded_.shutdown_grace);
  log::info("shutting down", {{"open_transactions",
                               static_cast<std::uint64_t>(services_.open_transactions.load())}});
  while (services_.open_transactions > 0 && !deadline.passed()) {
    beat();
    std::this_thread::sleep_for(kDrainPoll);
  }
  const std::size_t left = services_.open_transactions;
  if (left > 0) {
    log::warning("shutdown_grace has passed; open transactions are cut off",
                 {{"open_transactions", static_cast<std::uint64_t>(left)}});
  }
}

}  // namespace postern::daemon
